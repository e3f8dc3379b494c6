"""Who of one family is online, as one edge knows it: its own sessions and what other edges told. Pure."""

from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple


class Person(NamedTuple):
    """A player in a session; ``uid`` is '' when it is not known."""

    name: str
    uid: str


class Heard(NamedTuple):
    """The members that another edge told, and when."""

    members: Mapping[str, str]
    seen: float


class Attendance:
    """Of one family. A player with several sessions counts once; game names tell players apart."""

    def __init__(self, limit: int) -> None:
        """An edge tells the others of at most ``limit`` players."""
        self._limit = limit
        self._sessions: dict[Hashable, Person] = {}
        self._others: dict[str, Heard] = {}

    def enter(self, session: Hashable, person: Person) -> bool:
        """List a session of this edge; return whether that is new."""
        is_new = self._sessions.get(session) != person
        self._sessions[session] = person
        return is_new

    def leave(self, session: Hashable) -> None:
        """Forget a session of this edge."""
        del self._sessions[session]

    def __len__(self) -> int:
        """Return how many sessions of the family are on this edge."""
        return len(self._sessions)

    def own(self) -> dict[str, str]:
        """Return the game names on this edge with their uids, in order."""
        found = {person.name: person.uid for person in self._sessions.values()}
        return {name: found[name] for name in sorted(found)[:self._limit]}

    def hear(self, edge: str, members: Mapping[str, str], now: float) -> bool:
        """Take what another edge told; return whether it is different from before."""
        known = self._others.get(edge)
        if members:
            self._others[edge] = Heard(members, now)
        else:
            self._others.pop(edge, None)
        return (known.members if known else {}) != members

    def expire(self, before: float) -> bool:
        """Forget edges that were last heard at ``before`` or earlier; return whether there were any."""
        gone = [edge for edge, heard in self._others.items() if heard.seen <= before]
        for edge in gone:
            del self._others[edge]
        return bool(gone)

    def forget(self) -> bool:
        """Forget what other edges told; return whether there was anything."""
        told, self._others = self._others, {}
        return bool(told)

    def oldest(self) -> float | None:
        """Return when the edge that was silent for longest was heard; None when no other edge told anything."""
        return min((heard.seen for heard in self._others.values()), default=None)

    def uids_elsewhere(self) -> set[str]:
        """Return the uids that other edges told."""
        return {uid for heard in self._others.values() for uid in heard.members.values() if uid}

    def names(self, name_now: Callable[[Person], str | None]) -> list[str]:
        """Return all who are online, in order.

        ``name_now`` tells by which name somebody with a uid, of whom another edge told, goes now; None of who left the
        family meanwhile.
        """
        found = {person.name for person in self._sessions.values()}
        for heard in self._others.values():
            people = (Person(name, uid) for name, uid in heard.members.items())
            found |= {now for person in people if (now := name_now(person) if person.uid else person.name)}
        return sorted(found)
