"""Does turns of mail jobs in every worker; whichever comes first takes the next one."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import gevent
from gevent.event import Event

from apps.worker.mail_jobs.batch import Pace, Turn, take_turn
from apps.worker.mail_jobs.store import State
from apps.worker.rules import utc
from common import vital
from common.metrics import Counter, Gauge
from common.mysql import Database, DatabaseUnavailableError, OutcomeUnknownError

log = logging.getLogger(__name__)

RUNNING = Gauge("worker_mail_jobs_running", "Mail jobs that run, in all workers together")
WRITTEN = Counter("worker_mail_jobs_written_total", "Mails of jobs that this worker wrote into the outbox")
FAILED = Counter("worker_mail_jobs_failed_total", "Turns of mail jobs that ended with an error nobody expected")
STOP_SECONDS = 5.0


class MailJobs:
    """Runs in every worker."""

    def __init__(self, database: Database, pace: Pace, *, seconds: float, clock: Callable[[], datetime]) -> None:
        """Looks for a job every ``seconds``, and at once after the pause while there is one. ``clock`` has a zone."""
        self._database = database
        self._pace = pace
        self._seconds = seconds
        self._clock = clock
        self._stopping = Event()
        self._loop: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        self._loop = vital.spawn(self._run)

    def stop(self) -> None:
        """Finish the turn; other workers go on with the job."""
        self._stopping.set()
        if self._loop is not None:
            self._loop.join(STOP_SECONDS)
            self._loop.kill()

    def turn(self) -> Turn | None:
        """Do one turn, if a job is due."""
        def work(tx: Any) -> tuple[Turn | None, int]:
            done = take_turn(tx, self._pace, utc.stored(self._clock()))
            return done, tx.value("SELECT COUNT(*) FROM mail_job WHERE state = 'running'")

        done, running = self._database.transaction(work)
        RUNNING.set(running)
        if done is not None:
            self._note(done)
        return done

    @staticmethod
    def _note(done: Turn) -> None:
        WRITTEN.inc(done.written)
        if done.problem:
            FAILED.inc()
            log.error("a mail job cannot be understood: %s", done.problem, extra={"job": done.key})
        if done.state is State.DONE:
            log.info("all mails of a job are written", extra={"job": done.key})

    def _run(self) -> None:
        wait = self._seconds
        while not self._stopping.wait(wait):
            wait = self._pace.pause.total_seconds() if self._look() else self._seconds

    def _look(self) -> bool:
        """Return whether there was a job to work on."""
        try:
            return self.turn() is not None
        except (DatabaseUnavailableError, OutcomeUnknownError) as error:
            log.warning("mail jobs wait for the database: %s", error)
        except Exception:  # the job stays where it was; the next look tries again, and the others go on
            FAILED.inc()
            log.exception("a turn of a mail job failed")
        return False
