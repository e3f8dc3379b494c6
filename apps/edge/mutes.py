"""Who may not speak, and where nobody may, each until a moment. Pure: the time comes in."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from common import subjects

PUBLIC, FAMILY = "public", "family"


class MuteError(ValueError):
    """What came says nothing about a mute."""


class Mute(NamedTuple):
    """``target`` is a channel's subject or what ``player`` returns; ``until`` in seconds since 1970, 0 to end it."""

    target: str
    until: float


class Mutes:
    """The mutes of now. Those that have ended are forgotten when ``size`` is reached."""

    def __init__(self, size: int, clock: Callable[[], float]) -> None:
        """``clock`` gives seconds since 1970."""
        self._size = size
        self._clock = clock
        self._until: dict[str, float] = {}

    def apply(self, mute: Mute) -> None:
        """Take a mute, or its end. Where there is no room, the mute that ends first goes."""
        self._until.pop(mute.target, None)
        if mute.until <= self._clock():
            return
        self._until[mute.target] = mute.until
        if len(self._until) > self._size:
            self._make_room()

    def until(self, world: str, uid: str, channel: str) -> float:
        """Return until when a player may not speak in a channel; 0 when it may."""
        if not self._until:
            return 0.0
        found = max(self._until.get(channel, 0.0), self._until.get(player(world, uid), 0.0) if uid else 0.0)
        return found if found > self._clock() else 0.0

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._until)

    def _make_room(self) -> None:
        now = self._clock()
        self._until = {target: end for target, end in self._until.items() if end > now}
        if len(self._until) > self._size:
            del self._until[min(self._until, key=self._until.__getitem__)]


def player(world: str, uid: str) -> str:
    """Return the target that stands for a player of a world."""
    return f"player.{subjects.encode(world)}.{subjects.encode(uid)}"


def read(fields: Mapping[str, Any]) -> Mute:
    """Return the mute in a control message. Raises MuteError.

    ``world``, ``until``, and either ``uid`` or ``channel``: ``public``, or ``family`` with its name as ``fn``.
    """
    until = fields.get("until")
    if isinstance(until, bool) or not isinstance(until, int | float):
        raise MuteError("a mute has no end")
    try:
        return Mute(_target(fields), float(until))
    except (KeyError, ValueError, AttributeError, OverflowError):
        raise MuteError("a mute names neither a player nor a channel") from None


def _target(fields: Mapping[str, Any]) -> str:
    world: str = fields["world"]
    if "uid" in fields:
        return player(world, fields["uid"])
    if fields["channel"] == PUBLIC:
        return subjects.public_chat(world)
    if fields["channel"] == FAMILY:
        return subjects.family_chat(world, fields["fn"])
    raise MuteError("no such channel")
