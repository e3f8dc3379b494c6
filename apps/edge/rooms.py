"""Who is in which room. Pure; counts who is there, so that it is known when a room opens and closes."""

from collections.abc import Collection, Hashable, Iterable
from typing import Generic, NamedTuple, TypeVar

Member = TypeVar("Member", bound=Hashable)


class Change(NamedTuple):
    """Rooms that got their first member and rooms that lost their last one."""

    opened: list[str]
    closed: list[str]


class Rooms(Generic[Member]):
    """Rooms by name; a room exists while it has members."""

    def __init__(self) -> None:
        self._members: dict[str, dict[Member, None]] = {}
        self._places: dict[Member, frozenset[str]] = {}

    def place(self, member: Member, rooms: Iterable[str]) -> Change:
        """Let ``member`` be in exactly these rooms. A room that it keeps neither closes nor opens."""
        new = frozenset(rooms)
        old = self._places.pop(member, frozenset())
        if new:
            self._places[member] = new
        return Change(
            opened=[room for room in sorted(new - old) if self._add(room, member)],
            closed=[room for room in sorted(old - new) if self._remove(room, member)],
        )

    def remove(self, member: Member) -> Change:
        """Let ``member`` leave all its rooms."""
        return self.place(member, ())

    def members(self, room: str) -> Collection[Member]:
        """Return who is in a room, in the order of coming."""
        return self._members.get(room, {}).keys()

    def __contains__(self, room: str) -> bool:
        return room in self._members

    def __len__(self) -> int:
        """Return how many rooms have members."""
        return len(self._members)

    def _add(self, room: str, member: Member) -> bool:
        members = self._members.setdefault(room, {})
        members[member] = None
        return len(members) == 1

    def _remove(self, room: str, member: Member) -> bool:
        members = self._members[room]
        del members[member]
        if not members:
            del self._members[room]
        return not members
