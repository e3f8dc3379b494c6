"""What changed about the families and names of players a moment ago. Pure: the time comes in.

A nonce holds the family and the name that a player had when it was made. A change that came later wins over it, so an
edge remembers changes for longer than a nonce lives.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from apps.edge import identity
from apps.edge.identity import Family

Player = tuple[str, str]
"""World and uid."""


class ChangeError(ValueError):
    """What came is no change of a player."""


class Dated(Protocol):
    """A change. ``time`` is when it happened: ISO 8601 in UTC with milliseconds, so that texts compare as moments do;

    it may be empty.
    """

    @property
    def player(self) -> Player: ...

    @property
    def time(self) -> str: ...


D = TypeVar("D", bound=Dated)


class Change(NamedTuple):
    """A player is in this family now."""

    player: Player
    family: Family
    time: str


class Renaming(NamedTuple):
    """A player has this game name now."""

    player: Player
    name: str
    time: str


class RecentChanges(Generic[D]):
    """The latest change of each player, for a while; the oldest are forgotten when there are too many."""

    def __init__(self, size: int, seconds: float, clock: Callable[[], float]) -> None:
        """``size`` is how many players are remembered, ``clock`` is monotonic and in seconds."""
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._changes: OrderedDict[Player, tuple[float, D]] = OrderedDict()

    def note(self, change: D) -> bool:
        """Remember a change; False, and nothing happens, when a later one is known already."""
        self._forget()
        known = self.latest(change.player)
        if known is not None and change.time < known.time:
            return False
        self._changes[change.player] = (self._clock() + self._seconds, change)
        self._changes.move_to_end(change.player)
        if len(self._changes) > self._size:
            self._changes.popitem(last=False)
        return True

    def latest(self, player: Player) -> D | None:
        """Return the latest change of a player, None when there was none for a while."""
        self._forget()
        found = self._changes.get(player)
        return found and found[1]

    def __len__(self) -> int:
        """Return how many players are remembered."""
        return len(self._changes)

    def _forget(self) -> None:
        now = self._clock()
        while self._changes and next(iter(self._changes.values()))[0] <= now:
            self._changes.popitem(last=False)


def read(fields: Mapping[str, Any]) -> Change:
    """Return the change in a control message: ``world``, ``uid``, the family and ``time``. Raises ChangeError."""
    player, time = _who_and_when(fields)
    try:
        return Change(player, identity.family(fields), time)
    except identity.IdentityError as error:
        raise ChangeError(str(error)) from None


def read_renaming(fields: Mapping[str, Any]) -> Renaming:
    """Return the new name in a control message: ``world``, ``uid``, ``gn`` and ``time``. Raises ChangeError."""
    player, time = _who_and_when(fields)
    try:
        return Renaming(player, identity.name(fields, "gn"), time)
    except identity.IdentityError as error:
        raise ChangeError(str(error)) from None


def _who_and_when(fields: Mapping[str, Any]) -> tuple[Player, str]:
    world, uid, time = (fields.get(name, "") for name in ("world", "uid", "time"))
    if not all(isinstance(value, str) for value in (world, uid, time)) or not (world and uid):
        raise ChangeError("a change of a player has no world or uid, or one that is no text")
    return (world, uid), time
