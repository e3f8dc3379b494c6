"""Brings what requests left in the outbox to its receivers, at least once.

The worker that committed a request delivers at once. A row that is left over, because its worker died or its receiver
was away, belongs to whoever takes it after its lease has passed; receivers recognise what they already have.

The rows of mail jobs are many, and due from the start. An outbox of their own takes them, so that what is left over
from requests never stands behind them.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import gevent
import orjson
from gevent.event import Event
from gevent.pool import Pool

from apps.worker.counts import UNEXPECTED
from apps.worker.unit_of_work import Delivery
from common import vital
from common.metrics import Counter, Gauge
from common.mysql import Database, DatabaseUnavailableError, OutcomeUnknownError, Transaction, marks
from common.timeouts import quietly_within

log = logging.getLogger(__name__)

DELIVERED = Counter("worker_outbox_delivered_total", "Deliveries that arrived", ["kind"])
FAILED = Counter("worker_outbox_failed_total", "Tries to deliver that failed", ["kind"])
TAKEN_OVER = Counter("worker_outbox_taken_over_total", "Deliveries that were tried again after their lease")
PENDING_REMOVAL = Gauge("worker_outbox_unremoved", "Delivered rows that are still to be removed")


class Rows(Enum):
    """Which rows an outbox takes over."""

    REQUESTS = "job IS NULL"
    JOBS = "job IS NOT NULL"


class NotNowError(Exception):
    """The receiver cannot take it for a while, although nothing is wrong with it."""

    def __init__(self, reason: str, wait: timedelta) -> None:
        super().__init__(reason)
        self.wait = wait


REMOVE = ("DELETE o FROM JSON_TABLE(%s, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) d "
          "STRAIGHT_JOIN outbox o ON o.id = d.id")
"""Finds each row by its key. For a list with IN the database reads a small table from end to end, and so would wait for
every row that somebody is just writing."""

Receiver = Callable[[dict[str, Any]], None]
"""Takes a body, once however often it comes; raises when it could not."""


class Outbox:
    """Delivers rows of the outbox."""

    def __init__(self, database: Database, receivers: Mapping[str, Receiver], *, rows: Rows, parallel: int,
                 longest_wait: timedelta, seconds: float, lease: timedelta, batch: int, inline_seconds: float,
                 clock: Callable[[], datetime]) -> None:
        """Looks for leftovers every ``seconds``; a request waits ``inline_seconds`` at most for its own deliveries.

        ``parallel`` of what is taken over are delivered at once. What cannot be delivered for a while waits twice as
        long each time, up to ``longest_wait`` or what its receiver asks for, whichever is more. ``clock`` gives UTC
        without a zone.
        """
        self._database = database
        self._receivers = receivers
        self._rows = rows
        self._parallel = parallel
        self._longest_wait = longest_wait
        self._seconds = seconds
        self._lease = lease
        self._batch = batch
        self._inline_seconds = inline_seconds
        self._clock = clock
        self._delivered: list[int] = []
        self._postponed: list[tuple[int, timedelta]] = []
        self._wake = Event()
        self._stopping = False
        self._loop: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        self._loop = vital.spawn(self._run)

    def stop(self) -> None:
        """Remove what was delivered; what was not is left for other workers."""
        self._stopping = True
        self._wake.set()
        if self._loop is not None:
            self._loop.join(self._lease.total_seconds())
            self._loop.kill()

    def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Deliver what this worker has just committed; leave it to a later look if that takes too long."""
        if not deliveries:
            return
        with quietly_within(self._inline_seconds):
            for delivery in deliveries:
                self._attempt(delivery)

    def sweep(self) -> int:
        """Take over rows whose lease has passed and deliver them; return how many were taken.

        Those that are not begun when their new lease ends, or when the worker stops, are left to whoever comes next.
        """
        until = self._clock() + self._lease
        taken = self._database.transaction(lambda tx: self._take(tx, until))
        TAKEN_OVER.inc(len(taken))
        Pool(self._parallel).map(lambda delivery: self._attempt_until(until, delivery), taken)
        return len(taken)

    def settle(self) -> None:
        """Remove the rows of what was delivered, and put off those that cannot be delivered now."""
        delivered, self._delivered = self._delivered, []
        postponed, self._postponed = self._postponed, []
        if not delivered and not postponed:
            return
        try:
            self._database.transaction(lambda tx: self._write(tx, delivered, postponed))
        except Exception:
            self._delivered += delivered  # those to be put off come again after their lease
            raise
        PENDING_REMOVAL.dec(len(delivered))

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(self._seconds)
            try:
                self.settle()
                while not self._stopping and self.sweep() == self._batch:
                    self.settle()
                self.settle()
            except (DatabaseUnavailableError, OutcomeUnknownError) as error:
                log.warning("the outbox waits for the database: %s", error)
            except Exception:  # the rows stay; the next look tries again
                UNEXPECTED.labels("outbox").inc()
                log.exception("a look at the outbox failed")

    def _take(self, tx: Transaction, until: datetime) -> list[Delivery]:
        rows = tx.all(f"SELECT id, kind, body FROM outbox WHERE {self._rows.value} AND due <= %s ORDER BY due LIMIT %s "  # noqa: S608  # a constant
                      "FOR UPDATE SKIP LOCKED", self._clock(), self._batch)
        if rows:
            tx.execute(f"UPDATE outbox SET due = %s, attempts = attempts + 1 WHERE id IN ({marks(rows)})",  # noqa: S608  # only marks
                       until, *(row[0] for row in rows))
        return [Delivery(number, kind, orjson.loads(body)) for number, kind, body in rows]

    def _attempt_until(self, end: datetime, delivery: Delivery) -> None:
        if not self._stopping and self._clock() < end:
            self._attempt(delivery)

    def _attempt(self, delivery: Delivery) -> None:
        try:
            self._receivers[delivery.kind](delivery.body)
        except NotNowError as error:
            log.info("delivery postponed: %s", error, extra={"delivery": delivery.id, "kind": delivery.kind})
            self._postponed.append((delivery.id, error.wait))
            return
        except Exception as error:  # noqa: BLE001  # whatever went wrong, the row stays and is tried again
            FAILED.labels(delivery.kind).inc()
            log.warning("not delivered, will be tried again: %s: %s", type(error).__name__, error,
                        extra={"delivery": delivery.id, "kind": delivery.kind})
            return
        DELIVERED.labels(delivery.kind).inc()
        self._delivered.append(delivery.id)
        PENDING_REMOVAL.inc()

    def _write(self, tx: Transaction, delivered: Sequence[int], postponed: Sequence[tuple[int, timedelta]]) -> None:
        if delivered:
            tx.execute(REMOVE, orjson.dumps(delivered).decode())
        for wait in {wait for _, wait in postponed}:
            self._put_off(tx, wait, [number for number, its_wait in postponed if its_wait == wait])

    def _put_off(self, tx: Transaction, wait: timedelta, numbers: Sequence[int]) -> None:
        first, longest = wait.total_seconds(), max(wait, self._longest_wait).total_seconds()
        tx.execute("UPDATE outbox SET due = TIMESTAMPADD(SECOND, LEAST(%s * POW(2, LEAST(attempts, 20)), %s), %s) "  # noqa: S608  # only marks
                   f"WHERE id IN ({marks(numbers)})", first, longest, self._clock(), *numbers)
