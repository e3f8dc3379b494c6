"""What changed about the families of players a moment ago. Pure: the time comes in.

A nonce holds the family that a player had when it was made. A change that came later wins over it, so an edge remembers
changes for longer than a nonce lives.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from apps.edge import identity
from apps.edge.identity import Family

Player = tuple[str, str]
"""World and uid."""


class ChangeError(ValueError):
    """What came is no change of a membership."""


class Change(NamedTuple):
    """A player is in this family now."""

    player: Player
    family: Family
    time: str
    """When it happened: ISO 8601 in UTC with milliseconds, so that texts compare as moments do; may be empty."""


class RecentChanges:
    """The latest change of each player, for a while; the oldest are forgotten when there are too many."""

    def __init__(self, size: int, seconds: float, clock: Callable[[], float]) -> None:
        """``size`` is how many players are remembered, ``clock`` is monotonic and in seconds."""
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._changes: OrderedDict[Player, tuple[float, Change]] = OrderedDict()

    def note(self, change: Change) -> bool:
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

    def latest(self, player: Player) -> Change | None:
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
    world, uid, time = (fields.get(name, "") for name in ("world", "uid", "time"))
    if not all(isinstance(value, str) for value in (world, uid, time)) or not (world and uid):
        raise ChangeError("a change of a family has no world or uid, or one that is no text")
    try:
        return Change((world, uid), identity.family(fields), time)
    except identity.IdentityError as error:
        raise ChangeError(str(error)) from None
