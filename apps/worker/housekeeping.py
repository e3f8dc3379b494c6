"""Removes what is over, see ``apps.worker.chores``: a bounded number at a time, each in a transaction of its own."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import gevent

from apps.worker.chores import Chore
from apps.worker.counts import UNEXPECTED
from apps.worker.rules import utc
from apps.worker.unit_of_work import Cause, Delivery, Work
from common import vital
from common.mysql import Database, DatabaseUnavailableError, OutcomeUnknownError, Transaction

log = logging.getLogger(__name__)

REASON = "housekeeping"


class Housekeeping:
    """Runs in every worker; each takes what it finds."""

    def __init__(self, database: Database, deliver: Callable[[Sequence[Delivery]], None], chores: Sequence[Chore], *,
                 seconds: float, lease: timedelta, clock: Callable[[], datetime]) -> None:
        """Looks every ``seconds``; ``deliver`` takes what was committed, with a ``lease``.

        ``clock`` gives the time with a zone.
        """
        self._database = database
        self._deliver = deliver
        self._chores = chores
        self._seconds = seconds
        self._lease = lease
        self._clock = clock
        self._loop: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        self._loop = vital.spawn(self._run)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def do(self, chore: Chore) -> int:
        """Remove one batch of a kind, and deliver what follows from it; return how many it had."""
        count, deliveries = self._database.transaction(lambda tx: self._once(chore, tx))
        chore.removed.inc(count)
        self._deliver(deliveries)
        return count

    def _once(self, chore: Chore, tx: Transaction) -> tuple[int, list[Delivery]]:
        db = Work(tx.connection, Cause("", REASON, REASON, utc.stored(self._clock())), self._lease)
        count = chore.remove(db)
        db.finish()
        return count, db.deliveries

    def _run(self) -> None:
        while True:
            gevent.sleep(self._seconds)
            for chore in self._chores:
                self._finish(chore)

    def _finish(self, chore: Chore) -> None:
        try:
            while self.do(chore) == chore.batch:
                gevent.sleep(0)
        except (DatabaseUnavailableError, OutcomeUnknownError) as error:
            log.warning("what is over is left for later: %s", error)
        except Exception:  # the other chores go on, and this one is tried again
            UNEXPECTED.labels("housekeeping").inc()
            log.exception("a chore failed")
