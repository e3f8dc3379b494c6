"""Joins the rooms of this edge to NATS subjects: the edges of a world meet there.

A room is named by its subject. The edge is subscribed to a subject exactly while the room has members; subscribing
again after a lost connection is the NATS client's work.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from apps.edge import commands
from apps.edge.fan_out import Receiver
from apps.edge.identity import Identity
from apps.edge.rooms import Rooms
from common.metrics import Counter, Gauge
from common.nats.errors import NATSError
from common.nats.stored import AUTHOR

log = logging.getLogger(__name__)

ROOMS = Gauge("edge_rooms", "Rooms with members on this edge")
SUBSCRIPTIONS = Gauge("edge_subscriptions", "NATS subjects that this edge is subscribed to")
RECEIVED = Counter("edge_messages_received_total", "Messages that came from NATS")
NOT_RELAYED = Counter("edge_messages_not_relayed_total", "Messages that could not be passed on", ["reason"])


EDGE = "Edge"
"""Header with the name of the edge that a message came through."""
COMMANDS = {"public": commands.Name.PUBLIC, "family": commands.Name.FAMILY}
"""How plain clients get what is said on a channel; other channels are not for them."""


class Message(Protocol):
    """A message of NATS."""

    payload: bytes
    headers: Mapping[str, str]


class Nats(Protocol):
    """The part of the NATS client that the relay uses; only ``round_trip`` waits."""

    def publish(self, subject: str, *, payload: bytes, headers: Mapping[str, str]) -> None: ...

    def subscribe(self, subject: str, *, callback: Callable[[Message], None]) -> Any: ...

    def unsubscribe(self, sub: Any) -> None: ...

    def round_trip(self) -> float: ...


class Relay:
    """Keeps who listens to what, sends what clients say to NATS and what comes from there to the rooms."""

    def __init__(self, nats: Nats, rooms: Rooms[Receiver], deliver: Callable[[str, bytes], None],
                 overheard: Callable[[str, str], None], *, name: str) -> None:
        """``deliver`` takes (room, line) for the members of a room; it must not wait.

        ``overheard`` takes (uid, room) of who speaks through other edges than this one, whose ``name`` nobody else has.
        """
        self._nats = nats
        self._rooms = rooms
        self._deliver = deliver
        self._overheard = overheard
        self._name = name
        self._subscriptions: dict[str, Any] = {}
        self._unconfirmed: dict[str, Any] = {}

    def enter(self, member: Receiver, identity: Identity) -> None:
        """Let ``member`` listen to what ``identity`` may hear, and to nothing else any more."""
        self._place(member, {identity.public: commands.Name.PUBLIC} | (
            {identity.family: commands.Name.FAMILY} if identity.family else {}))

    def confirm(self, identity: Identity) -> None:
        """Wait until NATS has the subscriptions that ``identity`` needs, so that no message from now on is missed.

        Does not wait when NATS has them or is away; its client subscribes as soon as it is back. In a cluster, other
        servers than ours may learn of a subscription a moment later.
        """
        waiting = {room: self._unconfirmed[room] for room in identity.subjects if room in self._unconfirmed}
        if not waiting:
            return
        try:
            self._nats.round_trip()
        except NATSError as error:
            log.info("subscription not confirmed", extra={"detail": str(error)})
            return
        for room, subscription in waiting.items():
            if self._unconfirmed.get(room) is subscription:  # and not a later one of the same room
                del self._unconfirmed[room]

    def listen(self, member: Receiver, subject: str) -> None:
        """Let ``member`` hear when something is said on ``subject``, and nothing else any more."""
        self._place(member, {subject: COMMANDS.get(subject.split(".")[2], commands.Name.MESSAGE)})

    def leave(self, member: Receiver) -> None:
        """Let ``member`` listen to nothing."""
        self._place(member, {})

    def say(self, subject: str, speaker: Identity, text: bytes) -> None:
        """Publish a message for everybody who listens to ``subject``, on all edges.

        Who spoke stands in a header too, by uid, for those who keep the message; clients never see it.
        """
        author = {AUTHOR: speaker.uid, EDGE: self._name} if speaker.uid else {}
        try:
            self._nats.publish(subject, payload=speaker.game_name + b":" + text, headers=author)
        except NATSError as error:
            NOT_RELAYED.labels("not published").inc()
            log.warning("message not published", extra={"detail": str(error)})

    def _place(self, member: Receiver, rooms: dict[str, commands.Name]) -> None:
        change = self._rooms.place(member, rooms)
        for room in change.opened:
            subscription = self._nats.subscribe(room, callback=self._receiver(room, rooms[room]))
            self._subscriptions[room] = self._unconfirmed[room] = subscription
        for room in change.closed:
            self._nats.unsubscribe(self._subscriptions.pop(room))
            self._unconfirmed.pop(room, None)
        if change.opened or change.closed:
            ROOMS.set(len(self._rooms))
            SUBSCRIPTIONS.set(len(self._subscriptions))

    def _receiver(self, room: str, name: commands.Name) -> Callable[[Message], None]:
        def receive(message: Message) -> None:
            RECEIVED.inc()
            if AUTHOR in message.headers and message.headers.get(EDGE) != self._name:
                self._overheard(message.headers[AUTHOR], room)
            if commands.is_one_line(message.payload):
                self._deliver(room, commands.encode(name, message.payload))
            else:
                NOT_RELAYED.labels("not one line").inc()
        return receive
