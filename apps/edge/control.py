"""Takes what game logic tells the edges about players: another family, another name, or silence for a while."""

import logging
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from apps.edge import membership, mutes
from apps.edge.membership import Change, ChangeError, Renaming
from apps.edge.mutes import MuteError, Mutes
from apps.edge.roster import Roster
from common import subjects
from common.metrics import Counter, Gauge

log = logging.getLogger(__name__)

CONTROLS = Counter("edge_controls_total", "Control messages about players", ["kind"])
MOVED = Counter("edge_sessions_moved_total", "Sessions whose family changed while connected")
MUTED = Gauge("edge_mutes", "Players and channels that are muted, as far as remembered")


class Message(Protocol):
    """A message of NATS, or of a stream."""

    @property
    def subject(self) -> str: ...

    @property
    def payload(self) -> bytes: ...


class Nats(Protocol):
    """The part of the NATS client that is used here."""

    def subscribe(self, subject: str, *, callback: Callable[[Message], None]) -> Any: ...

    def unsubscribe(self, sub: Any) -> None: ...


class Control:
    """Listens to control messages from start to stop."""

    def __init__(self, nats: Nats, roster: Roster, muted: Mutes, moved: Callable[[Change], None],
                 renamed: Callable[[Renaming], None]) -> None:
        """``moved`` and ``renamed`` hear of each change, wherever the player is; they must not wait."""
        self._nats = nats
        self._roster = roster
        self._mutes = muted
        self._moved = moved
        self._renamed = renamed
        self._subscription: Any = None

    def start(self) -> None:
        MUTED.set_function(self._mutes.active)
        self._subscription = self._nats.subscribe(subjects.ALL_CHAT_CONTROL, callback=self.take)

    def stop(self) -> None:
        self._nats.unsubscribe(self._subscription)

    def take(self, message: Message) -> None:
        """Apply a control message; one that cannot be read is counted and skipped. Never waits.

        It may be one of before: what it says about the same as a later one does not count.
        """
        try:
            kind = self._apply(orjson.loads(message.payload))
        except (orjson.JSONDecodeError, ChangeError, MuteError) as error:
            kind = "unreadable"
            log.warning("a control message cannot be read", extra={"detail": str(error)[:200]})
        CONTROLS.labels(kind).inc()

    def _apply(self, fields: Any) -> str:
        """Return the kind of a message; one without a kind is about a membership."""
        if not isinstance(fields, dict):
            raise ChangeError("a control message is no object")
        if "kind" not in fields:
            change = membership.read(fields)
            MOVED.inc(self._roster.apply(change))
            self._moved(change)
            return "family"
        if fields["kind"] == "name":
            renaming = membership.read_renaming(fields)
            if not self._roster.rename(renaming):
                return "overtaken"
            self._renamed(renaming)
            return "name"
        if fields["kind"] == "mute":
            return "mute" if self._mutes.apply(mutes.read(fields)) else "overtaken"
        return "unknown"  # of a later version; an older edge goes on without it
