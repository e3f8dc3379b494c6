"""The sessions of this edge by player, so that what happens to a player reaches all of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from apps.edge.identity import Family, Identity
from apps.edge.membership import Change, Dated, Player, RecentChanges, Renaming


class Listed(Protocol):
    """A session; nothing of this waits."""

    def move(self, family: Family) -> None: ...

    def rename(self, game_name: str) -> None: ...

    def give_way(self) -> None:
        """End for a newer session of the player."""


@dataclass
class Times:
    """When what a session goes by happened; empty where that is not known."""

    family: str = ""
    name: str = ""


class Roster:
    """Knows whose sessions are here, and which families and names are up to date."""

    def __init__(self, moves: RecentChanges[Change], names: RecentChanges[Renaming], most: int) -> None:
        """A player has at most ``most`` sessions here."""
        self._most = most
        self._moves = moves
        self._names = names
        self._sessions: dict[Player, dict[Listed, Times]] = {}
        self._players: dict[Listed, Player] = {}

    def enter(self, session: Listed, identity: Identity) -> Identity:
        """List a session as the player's; return the identity with the family and the name that the player has now.

        Where there is no room, the oldest goes: it may be of a network that the player's device has left long ago.
        """
        self.leave(session)
        if not identity.uid:
            return identity
        player = (identity.world, identity.uid)
        times = Times()
        self._make_room(player)
        self._players[session] = player
        self._sessions.setdefault(player, {})[session] = times
        if move := self._moves.latest(player):
            times.family, identity = move.time, identity.in_family(move.family)
        if renaming := self._names.latest(player):
            times.name, identity = renaming.time, identity.called(renaming.name)
        return identity

    def leave(self, session: Listed) -> None:
        """Forget a session; harmless when it is not listed."""
        player = self._players.pop(session, None)
        if player is not None:
            sessions = self._sessions[player]
            del sessions[session]
            if not sessions:
                del self._sessions[player]

    def apply(self, change: Change) -> int:
        """Move the player's sessions to the family, and those to come; return how many were moved."""
        moved = 0
        if self._moves.note(change):
            for session, times in self._since(change, lambda times: times.family):
                times.family = change.time
                session.move(change.family)
                moved += 1
        return moved

    def rename(self, renaming: Renaming) -> bool:
        """Give the player's sessions the name, and those to come; False when a later one is known."""
        if not self._names.note(renaming):
            return False
        for session, times in self._since(renaming, lambda times: times.name):
            times.name = renaming.time
            session.rename(renaming.name)
        return True

    def __len__(self) -> int:
        """Return how many players have sessions here."""
        return len(self._sessions)

    def _make_room(self, player: Player) -> None:
        """Let the oldest sessions go until there may be one more."""
        sessions = [*self._sessions.get(player, {})]
        for session in sessions[:max(0, len(sessions) + 1 - self._most)]:
            self.leave(session)
            session.give_way()

    def _since(self, change: Dated, known: Callable[[Times], str]) -> Iterator[tuple[Listed, Times]]:
        """Yield the player's sessions that know of nothing later."""
        for session, times in [*self._sessions.get(change.player, {}).items()]:
            if change.time >= known(times):
                yield session, times
