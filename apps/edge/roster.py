"""The sessions of this edge by player, so that what happens to a player reaches all of them."""

from typing import Protocol

from apps.edge.identity import Family, Identity
from apps.edge.membership import Change, Player, RecentChanges


class Movable(Protocol):
    """A session, which can change its family; never waits."""

    def move(self, family: Family) -> None: ...


class Roster:
    """Knows whose sessions are here, and which families are up to date."""

    def __init__(self, recent: RecentChanges) -> None:
        self._recent = recent
        self._sessions: dict[Player, dict[Movable, str]] = {}
        self._players: dict[Movable, Player] = {}

    def enter(self, session: Movable, identity: Identity) -> Identity:
        """List a session as the player's; return the identity with the family that the player is in now."""
        self.leave(session)
        if not identity.uid:
            return identity
        player = (identity.world, identity.uid)
        change = self._recent.latest(player)
        self._players[session] = player
        self._sessions.setdefault(player, {})[session] = change.time if change else ""
        return identity if change is None else identity.in_family(change.family)

    def leave(self, session: Movable) -> None:
        """Forget a session; harmless when it is not listed."""
        player = self._players.pop(session, None)
        if player is not None:
            sessions = self._sessions[player]
            del sessions[session]
            if not sessions:
                del self._sessions[player]

    def apply(self, change: Change) -> int:
        """Move the player's sessions to the family, and those to come; return how many were moved."""
        if not self._recent.note(change):
            return 0
        sessions = self._sessions.get(change.player, {})
        moved = [session for session, since in sessions.items() if change.time >= since]
        for session in moved:
            sessions[session] = change.time
            session.move(change.family)
        return len(moved)

    def __len__(self) -> int:
        """Return how many players have sessions here."""
        return len(self._sessions)
