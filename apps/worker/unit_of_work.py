"""What one request changes: the transaction, its lines in the ledger and what it sends out of the database.

All of it is written by the same commit, so that nothing is ever half done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from common.mysql import Statements, Transaction


@dataclass(frozen=True)
class Cause:
    """Why something changes."""

    owner: str
    """Uid of the player or account that asked."""
    reason: str
    """Name of the client function."""
    request: str
    """The client's request id, or the message id where it sent none."""
    time: datetime
    """UTC, without a zone, as the database keeps it."""


@dataclass(frozen=True)
class Delivery:
    """Something that has to reach another service: a row of the outbox."""

    id: int
    kind: str
    body: dict[str, Any]


class Work(Transaction):
    """A transaction that knows its cause, and collects what follows from it."""

    def __init__(self, connection: Any, cause: Cause, lease: timedelta) -> None:
        """``lease`` is how long the deliveries belong to this process before another may take them over."""
        super().__init__(connection)
        self.cause = cause
        self.deliveries: list[Delivery] = []
        self._lease = lease
        self._ledger: list[tuple[object, ...]] = []

    def record(self, uid: str, gid: int, iid: int, amount: int, balance: int) -> None:
        """Note in the ledger that ``amount`` was added to what ``uid`` owns, which made it ``balance``."""
        cause = self.cause
        self._ledger.append((uid, gid, iid, amount, balance, cause.reason, cause.request, cause.time))

    def deliver(self, kind: str, body: dict[str, Any]) -> None:
        """Send ``body`` to the receiver of this kind, once this transaction has been committed and not otherwise."""
        number = self.insert("INSERT INTO outbox (kind, body, due, created) VALUES (%s, %s, %s, %s)", kind,
                             orjson.dumps(body).decode(), self.cause.time + self._lease, self.cause.time)
        self.deliveries.append(Delivery(number, kind, body))

    def finish(self) -> None:
        """Write what was collected; the last step before the commit."""
        if self._ledger:
            self.many("INSERT INTO ledger (uid, gid, iid, amount, balance, reason, request, created) "
                      "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", self._ledger)


class WriteNeededError(Exception):
    """A function that only reads has found something that has to be changed first."""


def writable(db: Statements) -> Work:
    """Return ``db`` if something can be changed with it.

    Otherwise raises WriteNeededError, which lets the runner call the function again, in a transaction.
    """
    if not isinstance(db, Work):
        raise WriteNeededError
    return db
