"""Removes what is over: stored answers, and families that have ended; a bounded number at a time."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import gevent

from apps.worker.counts import UNEXPECTED
from apps.worker.rules import family_ends, utc
from apps.worker.unit_of_work import Cause, Delivery, Work
from common.metrics import Counter
from common.mysql import Database, DatabaseUnavailableError, OutcomeUnknownError, Transaction

log = logging.getLogger(__name__)

REMOVED = Counter("worker_expired_answers_total", "Stored answers that were removed after their time")
ENDED = Counter("worker_ended_families_total", "Families that were removed when their time to disband had come")
REASON = "housekeeping"


@dataclass(frozen=True)
class Pace:
    """How much is removed at once."""

    seconds: float
    """Time between two looks."""
    answers: int
    """Stored answers that one statement removes."""
    families: int
    """Families that one look removes, each in a transaction of its own: it locks all its members."""


class Housekeeping:
    """Runs in every worker; each takes what it finds."""

    def __init__(self, database: Database, deliver: Callable[[Sequence[Delivery]], None], *, pace: Pace,
                 keep: timedelta, lease: timedelta, clock: Callable[[], datetime]) -> None:
        """Answers are kept for ``keep``; ``deliver`` takes what was committed, with a ``lease``.

        ``clock`` gives the time with a zone.
        """
        self._database = database
        self._deliver = deliver
        self._pace = pace
        self._keep = keep
        self._lease = lease
        self._clock = clock
        self._loop: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        self._loop = gevent.spawn(self._run)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def remove_expired(self) -> int:
        """Remove one batch of answers; return how many rows it had."""
        before = utc.stored(self._clock() - self._keep)
        count = self._database.transaction(
            lambda tx: tx.execute("DELETE FROM request WHERE created < %s ORDER BY created LIMIT %s", before,
                                  self._pace.answers))
        REMOVED.inc(count)
        return count

    def end_families(self) -> int:
        """Remove families whose time has come, and tell the chat; return how many."""
        for ended in range(self._pace.families):
            deliveries = self._database.transaction(self._end_family)
            if deliveries is None:
                return ended
            ENDED.inc()
            self._deliver(deliveries)
        return self._pace.families

    def _end_family(self, tx: Transaction) -> list[Delivery] | None:
        db = Work(tx.connection, Cause("", REASON, REASON, utc.stored(self._clock())), self._lease)
        if family_ends.end_one(db) is None:
            return None
        db.finish()
        return db.deliveries

    def _run(self) -> None:
        while True:
            gevent.sleep(self._pace.seconds)
            try:
                while self.remove_expired() == self._pace.answers:
                    gevent.sleep(0)
                while self.end_families() == self._pace.families:
                    gevent.sleep(0)
            except (DatabaseUnavailableError, OutcomeUnknownError) as error:
                log.warning("what is over is left for later: %s", error)
            except Exception:  # the next round tries again
                UNEXPECTED.labels("housekeeping").inc()
                log.exception("a round of housekeeping failed")
