"""Removes stored answers whose time is over, a bounded number at a time."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import gevent

from apps.worker.rules import utc
from common.metrics import Counter
from common.mysql import Database, DatabaseUnavailableError, OutcomeUnknownError

log = logging.getLogger(__name__)

REMOVED = Counter("worker_expired_answers_total", "Stored answers that were removed after their time")
BATCH = 500
SECONDS = 10.0


class Housekeeping:
    """Runs in every worker; each takes what it finds."""

    def __init__(self, database: Database, keep: timedelta, *, clock: Callable[[], datetime]) -> None:
        """Answers are kept for ``keep``."""
        self._database = database
        self._keep = keep
        self._clock = clock
        self._loop: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        self._loop = gevent.spawn(self._run)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def remove_expired(self) -> int:
        """Remove one batch; return how many rows it had."""
        before = utc.stored(self._clock() - self._keep)
        count = self._database.transaction(
            lambda tx: tx.execute("DELETE FROM request WHERE created < %s ORDER BY created LIMIT %s", before, BATCH))
        REMOVED.inc(count)
        return count

    def _run(self) -> None:
        while True:
            gevent.sleep(SECONDS)
            try:
                while self.remove_expired() == BATCH:
                    gevent.sleep(0)
            except (DatabaseUnavailableError, OutcomeUnknownError) as error:
                log.warning("expired answers are left for later: %s", error)
