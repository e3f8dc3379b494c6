"""The followers of this edge: one for each channel that extended clients listen to."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import gevent

from apps.edge.extension import Wishes
from apps.edge.fan_out import Receiver
from apps.edge.follower import Follower
from apps.edge.history import History
from apps.edge.relay import Relay
from common.metrics import Gauge
from common.nats.errors import NATSError

log = logging.getLogger(__name__)

FOLLOWED = Gauge("edge_followed_channels", "Channels that extended clients of this edge listen to")


class Feed:
    """Lets clients listen to channels with numbers. Nothing here waits."""

    def __init__(self, relay: Relay, history: History,
                 spawn: Callable[[Callable[[], None]], "gevent.Greenlet[..., Any]"]) -> None:
        self._relay = relay
        self._history = history
        self._spawn = spawn
        self._followers: dict[str, Follower] = {}
        self._places: dict[Receiver, frozenset[str]] = {}

    def place(self, member: Receiver, channels: Mapping[str, Wishes]) -> None:
        """Let ``member`` listen to exactly these subjects; one that it keeps goes on as it is."""
        old = self._places.pop(member, frozenset())
        if channels:
            self._places[member] = frozenset(channels)
        for subject in sorted(old - channels.keys()):
            self._leave(subject, member)
        for subject in sorted(channels.keys() - old):
            self._follower(subject).join(member, channels[subject])
        FOLLOWED.set(len(self._followers))

    def top(self) -> int | None:
        """Ask for the last number of the stream; None when that cannot be told. This waits."""
        try:
            return self._history.top()
        except NATSError as error:
            log.info("the stream of the chat has no state", extra={"detail": f"{error}"[:200]})
            return None

    def position(self) -> int | None:
        """Return the highest number that was read on this edge; None when there was none."""
        return max((follower.position or 0 for follower in self._followers.values()), default=None)

    def wake(self) -> None:
        """Let all channels be read, because something may have been said that was not heard."""
        for follower in self._followers.values():
            follower.wake()

    def leave(self, member: Receiver) -> None:
        """Let ``member`` listen to nothing; harmless when it does not."""
        self.place(member, {})

    def _follower(self, subject: str) -> Follower:
        if subject not in self._followers:
            follower = self._followers[subject] = Follower(subject, self._history, self._spawn)
            self._relay.listen(follower, subject)
        return self._followers[subject]

    def _leave(self, subject: str, member: Receiver) -> None:
        follower = self._followers[subject]
        if follower.leave(member):
            del self._followers[subject]
            self._relay.leave(follower)
            follower.close()
