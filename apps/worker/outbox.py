"""Brings what requests left in the outbox to its receivers, at least once.

The worker that committed a request delivers at once. A row that is left over, because its worker died or its receiver
was away, belongs to whoever takes it after its lease has passed; receivers recognise what they already have.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import gevent
import orjson
from gevent.event import Event

from apps.worker.unit_of_work import Delivery
from common.metrics import Counter, Gauge
from common.mysql import Database, DatabaseUnavailableError, OutcomeUnknownError, Transaction
from common.timeouts import quietly_within

log = logging.getLogger(__name__)

DELIVERED = Counter("worker_outbox_delivered_total", "Deliveries that arrived", ["kind"])
FAILED = Counter("worker_outbox_failed_total", "Tries to deliver that failed", ["kind"])
TAKEN_OVER = Counter("worker_outbox_taken_over_total", "Deliveries that were tried again after their lease")
PENDING_REMOVAL = Gauge("worker_outbox_unremoved", "Delivered rows that are still to be removed")


class NotNowError(Exception):
    """The receiver cannot take it for a while, although nothing is wrong with it."""

    def __init__(self, reason: str, wait: timedelta) -> None:
        super().__init__(reason)
        self.wait = wait


Receiver = Callable[[dict[str, Any]], None]
"""Takes a body, once however often it comes; raises when it could not."""


class Outbox:
    """Delivers rows of the outbox."""

    def __init__(self, database: Database, receivers: Mapping[str, Receiver], *, seconds: float, lease: timedelta,
                 batch: int, inline_seconds: float, clock: Callable[[], datetime]) -> None:
        """Looks for leftovers every ``seconds``; a request waits ``inline_seconds`` at most for its own deliveries.

        ``clock`` gives UTC without a zone.
        """
        self._database = database
        self._receivers = receivers
        self._seconds = seconds
        self._lease = lease
        self._batch = batch
        self._inline_seconds = inline_seconds
        self._clock = clock
        self._delivered: list[int] = []
        self._wake = Event()
        self._stopping = False
        self._loop: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        self._loop = gevent.spawn(self._run)

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
        """Take over rows whose lease has passed and deliver them; return how many were taken."""
        taken = self._database.transaction(self._take)
        TAKEN_OVER.inc(len(taken))
        for delivery in taken:
            self._attempt(delivery)
        return len(taken)

    def remove_delivered(self) -> None:
        """Remove the rows of what was delivered."""
        numbers, self._delivered = self._delivered, []
        if not numbers:
            return
        marks = ", ".join(["%s"] * len(numbers))
        try:
            self._database.transaction(
                lambda tx: tx.execute(f"DELETE FROM outbox WHERE id IN ({marks})", *numbers))  # noqa: S608  # only marks
        except (DatabaseUnavailableError, OutcomeUnknownError):
            self._delivered += numbers
            raise
        finally:
            PENDING_REMOVAL.set(len(self._delivered))

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(self._seconds)
            try:
                self.remove_delivered()
                while not self._stopping and self.sweep() == self._batch:
                    self.remove_delivered()
                self.remove_delivered()
            except (DatabaseUnavailableError, OutcomeUnknownError) as error:
                log.warning("the outbox waits for the database: %s", error)

    def _take(self, tx: Transaction) -> list[Delivery]:
        rows = tx.all("SELECT id, kind, body FROM outbox WHERE due <= %s ORDER BY due LIMIT %s "
                      "FOR UPDATE SKIP LOCKED", self._clock(), self._batch)
        for number, _, _ in rows:
            tx.execute("UPDATE outbox SET due = %s, attempts = attempts + 1 WHERE id = %s",
                       self._clock() + self._lease, number)
        return [Delivery(number, kind, orjson.loads(body)) for number, kind, body in rows]

    def _attempt(self, delivery: Delivery) -> None:
        try:
            self._receivers[delivery.kind](delivery.body)
        except NotNowError as error:
            self._postpone(delivery, error)
            return
        except Exception as error:  # noqa: BLE001  # whatever went wrong, the row stays and is tried again
            FAILED.labels(delivery.kind).inc()
            log.warning("not delivered, will be tried again: %s: %s", type(error).__name__, error,
                        extra={"delivery": delivery.id, "kind": delivery.kind})
            return
        DELIVERED.labels(delivery.kind).inc()
        self._delivered.append(delivery.id)
        PENDING_REMOVAL.set(len(self._delivered))

    def _postpone(self, delivery: Delivery, error: NotNowError) -> None:
        log.info("delivery postponed: %s", error, extra={"delivery": delivery.id, "kind": delivery.kind})
        due = self._clock() + error.wait
        self._database.transaction(
            lambda tx: tx.execute("UPDATE outbox SET due = %s WHERE id = %s", due, delivery.id))
