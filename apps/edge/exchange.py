"""Carries what edges tell one another about families over NATS, each family on a subject of its own."""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from apps.edge import snapshot
from apps.edge.snapshot import Reader, Snapshot, SnapshotError
from common.metrics import Counter
from common.nats.errors import NATSError

log = logging.getLogger(__name__)

MESSAGES = Counter("edge_presence_messages_total", "Messages between edges about who is online", ["kind"])
SENT, RECEIVED, UNREADABLE = (MESSAGES.labels(kind) for kind in ("sent", "received", "unreadable"))


class Message(Protocol):
    """A message of NATS."""

    payload: bytes


class Nats(Protocol):
    """The part of the NATS client that is used here; none of it waits."""

    @property
    def connected(self) -> bool: ...

    def publish(self, subject: str, *, payload: bytes) -> None: ...

    def subscribe(self, subject: str, *, callback: Callable[[Message], None]) -> Any: ...

    def unsubscribe(self, sub: Any) -> None: ...


class Exchange:
    """Of one edge. Nothing here waits."""

    def __init__(self, nats: Nats, edge: str) -> None:
        """``edge`` is a name that no other edge has."""
        self._nats = nats
        self.edge = edge
        self._subscriptions: dict[str, Any] = {}

    def open(self, subject: str, hear: Callable[[Snapshot], None]) -> None:
        """Hear from now on what other edges tell on a subject."""
        self._subscriptions[subject] = self._nats.subscribe(subject, callback=self._ear(hear))

    def close(self, subject: str) -> None:
        """Hear no more of a subject."""
        self._nats.unsubscribe(self._subscriptions.pop(subject))

    def tell(self, subject: str, content: Snapshot) -> bool:
        """Tell the other edges; False when that is not possible for now."""
        if not self._nats.connected:  # it would be old news when NATS is back
            return False
        try:
            self._nats.publish(subject, payload=snapshot.encode(content))
        except (NATSError, ValueError) as error:  # the latter: it is too large
            log.warning("who is online was not published", extra={"detail": str(error)[:200]})
            return False
        SENT.inc()
        return True

    def _ear(self, hear: Callable[[Snapshot], None]) -> Callable[[Message], None]:
        reader = Reader()

        def receive(message: Message) -> None:
            try:
                found = reader.read(message.payload)
            except SnapshotError:
                UNREADABLE.inc()
                return
            if found.edge != self.edge:
                RECEIVED.inc()
                hear(found)
        return receive
