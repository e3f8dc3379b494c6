"""One family on one edge: who of it is online, who here wants to know, and who elsewhere does. Pure: the time comes in.

Families in which nobody asks cost nothing: an edge tells the others of its members only while one of them wants to
know, which each of those says again and again.
"""

from collections.abc import Callable
from typing import NamedTuple

from apps.edge import extension
from apps.edge.attendance import Attendance, Person
from apps.edge.fan_out import Receiver
from apps.edge.snapshot import Snapshot

NEVER = float("-inf")
REFRESHES = 3  # an edge is heard so many times before it would be taken for dead


class Pace(NamedTuple):
    """In seconds: changes are collected for ``pause``; an edge that is silent for ``ghost`` is dead."""

    pause: float
    ghost: float

    @property
    def refresh(self) -> float:
        """How often an edge says who is there although nothing has changed."""
        return self.ghost / REFRESHES


class Gathering:
    """Exists while somebody of the family is on this edge."""

    def __init__(self, world: str, family: str, subject: str, limit: int, pace: Pace) -> None:
        """``limit`` is how many players an edge tells the others, and how many a client is told."""
        self.world = world
        self.family = family
        self.subject = subject
        self.attendance = Attendance(limit)
        self._limit = limit
        self._pace = pace
        self._listeners: dict[Receiver, None] = {}
        self._owed: dict[Receiver, None] = {}
        self._told: list[str] = []
        self._asked: float | None = None
        self._asks = True
        self._changed = True
        self._doubted = True
        self._published = NEVER
        self._wanted_until = NEVER
        self._watched_until = NEVER

    def listen(self, listener: Receiver, *, always: bool, now: float) -> None:
        """Tell a client who is online; ``always``: and from then on who comes and goes."""
        if always:
            self._listeners[listener] = None
        self._owed[listener] = None
        self._doubted = True
        self._wanted_until = now + self._pace.ghost
        if self._asked is None:
            self._asked = now
            self._asks = True

    def ignore(self, listener: Receiver) -> None:
        """Tell a client nothing any more; harmless when it is told nothing."""
        self._listeners.pop(listener, None)
        self._owed.pop(listener, None)

    def change(self, now: float) -> bool:
        """Note that somebody came or went here; return whether anybody wants to know."""
        self._changed = self._doubted = True
        return self._is_watched(now)

    def ask(self) -> None:
        """Note that others may have to be heard anew."""
        self._asks = self._changed = True

    def doubt(self) -> None:
        """Note that somebody who is listed may have left the family."""
        self._doubted = True

    @property
    def has_news(self) -> bool:
        """Whether others are to be asked at once, because this edge has just come to the family or to want it."""
        return self._asks

    def wants(self, now: float) -> bool:
        """Whether somebody here wants to know who is online."""
        return now < self._wanted_until

    def hear(self, snapshot: Snapshot, now: float) -> float | None:
        """Take what another edge tells; return when something has to be done about it, None when never."""
        when = []
        if self.wants(now) and self.attendance.hear(snapshot.edge, snapshot.members, now):
            self._doubted = True
            when.append(now + self._pace.pause)
        if snapshot.watches:
            if now >= self._watched_until:  # it may not know yet who is here
                self._changed = True
                when.append(now + self._pace.pause)
            self._watched_until = now + self._pace.ghost
        if snapshot.asks and self._is_watched(now):
            self._changed = True
            when.append(max(now, self._published + self._pace.pause))
        return min(when, default=None)

    def tidy(self, now: float) -> bool:
        """Forget edges that are dead, and all when nobody here wants to know.

        Return whether others than before may be online.
        """
        if self._listeners or self._owed:
            self._wanted_until = now + self._pace.ghost
        self._doubted |= self.attendance.expire(now - self._pace.ghost)
        if not self.wants(now):
            self._asked = None
            self._doubted |= self.attendance.forget()
        return self._doubted

    def is_due(self, now: float) -> bool:
        """Whether others have to be told now who is here."""
        news = self._changed or now >= self._published + self._pace.refresh
        return self._asks or (news and self._is_watched(now))

    def snapshot(self, edge: str, now: float) -> Snapshot:
        """Return what to tell the others."""
        return Snapshot(edge, self.attendance.own(), self.wants(now), self._asks)

    def published(self, now: float, *, was_sent: bool) -> None:
        """Note that the others were told, or could not be."""
        self._published = now
        if was_sent:
            self._changed = self._asks = False

    def news(self, name_now: Callable[[Person], str | None], now: float) -> list[tuple[Receiver, bytes]]:
        """Return the lines that clients are to get now, and take them for sent."""
        if self._asked is None or now < self._asked + self._pace.pause:
            return []
        self._doubted = False
        names = self.attendance.names(name_now)
        shown = names[:self._limit]
        known, self._told = self._told, shown
        owed, self._owed = self._owed, {}
        lines: list[tuple[Receiver, bytes]] = []
        if owed:
            line = extension.online_line(self.family, shown, more=len(names) > len(shown))
            lines += [(listener, line) for listener in owed]
        if known != shown:
            line = extension.online_change_line(
                self.family, sorted({*shown} - {*known}), sorted({*known} - {*shown}))
            lines += [(listener, line) for listener in self._listeners if listener not in owed]
        return lines

    def next(self, now: float) -> float | None:
        """Return when to look again; None when nobody wants to know anything."""
        if not self._is_watched(now):
            return None
        oldest = self.attendance.oldest()
        return min([self._published + self._pace.refresh,
                    *([] if oldest is None else [oldest + self._pace.ghost]),
                    *([self._asked + self._pace.pause] if self._owed and self._asked is not None else [])])

    def _is_watched(self, now: float) -> bool:
        return self.wants(now) or now < self._watched_until
