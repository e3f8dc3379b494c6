"""Who may not speak, and where nobody may, each until a moment. Pure: the time comes in.

A word about a mute may arrive late, after the one that came later and has changed or ended it. So the last word about
each is remembered with its time, also when it has ended the mute.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from common import subjects

PUBLIC, FAMILY = "public", "family"


class MuteError(ValueError):
    """What came says nothing about a mute."""


class Mute(NamedTuple):
    """A word about ``target``, which is what ``player``, ``family`` or ``public`` returns.

    ``until`` in seconds since 1970, 0 to end it. ``time`` is when it was said: ISO 8601 in UTC with milliseconds, so
    that texts compare as moments do; empty where that is not known.
    """

    target: str
    until: float
    time: str = ""


class Mutes:
    """The last word about each. Those that mute nobody any more are forgotten when ``size`` is reached."""

    def __init__(self, size: int, clock: Callable[[], float]) -> None:
        """``clock`` gives seconds since 1970."""
        self._size = size
        self._clock = clock
        self._words: dict[str, Mute] = {}

    def apply(self, mute: Mute) -> bool:
        """Take a word; False, and nothing happens, when a later one about the same is known.

        Where there is no room, the mute that ends first goes.
        """
        known = self._words.get(mute.target)
        if known is not None and mute.time < known.time:
            return False
        self._words[mute.target] = mute
        if len(self._words) > self._size:
            self._make_room()
        return True

    def until(self, *targets: str) -> float:
        """Return until when none of these may speak, or be spoken in; 0 when all may."""
        if not self._words:
            return 0.0
        found = max((word.until for target in targets if (word := self._words.get(target))), default=0.0)
        return found if found > self._clock() else 0.0

    def active(self) -> int:
        """Return how many are muted now."""
        now = self._clock()
        return sum(word.until > now for word in self._words.values())

    def _make_room(self) -> None:
        now = self._clock()
        self._words = {target: word for target, word in self._words.items() if word.until > now}
        if len(self._words) > self._size:
            del self._words[min(self._words, key=lambda target: self._words[target].until)]


def player(uid: str) -> str:
    """Return the target that stands for a player, in whatever world: worlds are merged, uids stay."""
    return f"player {uid}"


def family(identifier: str) -> str:
    """Return the target that stands for a family, whatever its name."""
    return f"family {identifier}"


def public(world: str) -> str:
    """Return the target that stands for the public chat of a world."""
    return subjects.public_chat(world)


def read(fields: Mapping[str, Any]) -> Mute:
    """Return the mute in a control message. Raises MuteError.

    ``world``, ``until``, ``time``, and either ``uid`` or ``channel``: ``public``, or ``family`` with its id as ``fid``.
    """
    until, time = fields.get("until"), fields.get("time", "")
    if isinstance(until, bool) or not isinstance(until, int | float):
        raise MuteError("a mute has no end")
    if not isinstance(time, str):
        raise MuteError("the time of a mute is no text")
    try:
        return Mute(_target(fields), float(until), time)
    except (KeyError, ValueError, AttributeError, OverflowError):
        raise MuteError("a mute names neither a player nor a channel") from None


def _target(fields: Mapping[str, Any]) -> str:
    if "uid" in fields:
        return player(_identifier(fields["uid"]))
    if fields["channel"] == PUBLIC:
        return public(fields["world"])
    if fields["channel"] == FAMILY:
        return family(_identifier(fields["fid"]))
    raise MuteError("no such channel")


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise MuteError("an id is no text")
    return value
