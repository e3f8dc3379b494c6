"""Knows who of each family is online on any edge, and tells the clients that want to know.

Edges with members of a family meet on a subject of its own. Each tells who is there when that changes, and again and
again, so that what was lost on the way, a dead edge, or a NATS server that was away does no lasting harm.
"""

from collections.abc import Callable
from typing import Any

import gevent

from apps.edge import extension
from apps.edge.attendance import Person
from apps.edge.exchange import Exchange
from apps.edge.fan_out import Receiver
from apps.edge.gathering import Gathering, Pace
from apps.edge.identity import Identity
from apps.edge.membership import Change, RecentChanges, Renaming
from apps.edge.rounds import LEAST_WAIT, Rounds
from apps.edge.snapshot import Snapshot
from apps.edge.whereabouts import Whereabouts
from common import subjects
from common.metrics import Counter, Gauge

FAMILIES = Gauge("edge_presence_families", "Families with somebody on this edge")
LINES = Counter("edge_presence_lines_total", "Lines to clients about who is online")


class Presence:
    """Works from start to stop. Nothing that sessions call waits."""

    def __init__(self, exchange: Exchange, moves: RecentChanges[Change], names: RecentChanges[Renaming], *,
                 limit: int, pace: Pace,
                 spawn: Callable[[Callable[[], None]], "gevent.Greenlet[..., Any]"], clock: Callable[[], float],
                 random: Callable[[], float]) -> None:
        """``moves`` and ``names`` tell the last changes of players."""
        self._exchange = exchange
        self._moves = moves
        self._names = names
        self._limit = limit
        self._pace = pace
        self._clock = clock
        self._random = random
        self._gatherings: dict[str, Gathering] = {}
        self._places: dict[Receiver, Gathering] = {}
        self._elsewhere: Whereabouts[Gathering] = Whereabouts()
        self._rounds: Rounds[Gathering] = Rounds(self._work, spawn, clock)

    def start(self) -> None:
        self._rounds.start()

    def stop(self) -> None:
        self._rounds.stop()

    def place(self, member: Receiver, identity: Identity, *, listens: bool) -> None:
        """List a client under its family; with ``listens`` it is told who is online, and who comes and goes."""
        gathering = self._gathering(identity) if identity.family else None
        if self._places.get(member) is not gathering:
            self.leave(member)
        if gathering is None:
            if listens:
                member.send(extension.online_line("", []))
            return
        self._places[member] = gathering
        self.rename(member, identity)
        gathering.ignore(member)
        if listens:
            gathering.listen(member, always=True, now=self._clock())
        self._meet(gathering)

    def rename(self, member: Receiver, identity: Identity) -> None:
        """List a client under its name; harmless when it is not listed."""
        gathering = self._places.get(member)
        if gathering and gathering.attendance.enter(member, Person(identity.game_name.decode(), identity.uid)):
            self._change(gathering)

    def ask(self, member: Receiver) -> None:
        """Tell a client once who is online."""
        gathering = self._places.get(member)
        if gathering is None:
            member.send(extension.online_line("", []))
            return
        gathering.listen(member, always=False, now=self._clock())
        self._meet(gathering)

    def leave(self, member: Receiver) -> None:
        """Forget a client; harmless when it is not listed."""
        gathering = self._places.pop(member, None)
        if gathering is None:
            return
        gathering.attendance.leave(member)
        gathering.ignore(member)
        if len(gathering.attendance):
            self._change(gathering)
        else:
            self._close(gathering)

    def moved(self, change: Change) -> None:
        """Hear that a player has another family: it leaves the old one at once, on whatever edge it is, or was."""
        gathering = self._elsewhere.find(change.player)
        if gathering is not None and gathering.family != change.family.name:
            self._doubt(gathering)

    def renamed(self, renaming: Renaming) -> None:
        """Hear that a player has another name: it goes by that at once, on whatever edge it is."""
        gathering = self._elsewhere.find(renaming.player)
        if gathering is not None:
            self._doubt(gathering)

    def wake(self) -> None:
        """Ask and tell anew, because something may have been missed."""
        for gathering in self._gatherings.values():
            gathering.ask()
            self._rounds.look(gathering, self._clock() + self._random() * self._pace.refresh / 2)

    def _doubt(self, gathering: Gathering) -> None:
        gathering.doubt()
        self._rounds.look(gathering, self._clock())

    def _change(self, gathering: Gathering) -> None:
        """Look at a change here, after those that come with it."""
        now = self._clock()
        if gathering.change(now):
            self._rounds.look(gathering, now + self._pace.pause)

    def _gathering(self, identity: Identity) -> Gathering:
        subject = subjects.family_presence(identity.world, identity.family_called)
        if subject not in self._gatherings:
            gathering = Gathering(identity.world, identity.family_called, subject, self._limit, self._pace)
            self._gatherings[subject] = gathering
            self._exchange.open(subject, lambda content: self._hear(gathering, content))
            FAMILIES.set(len(self._gatherings))
        return self._gatherings[subject]

    def _meet(self, gathering: Gathering) -> None:
        """Ask the others when this edge has just come; look when their answers are there."""
        if gathering.has_news:
            self._tell_edges(gathering)
        self._look_again(gathering)

    def _close(self, gathering: Gathering) -> None:
        self._exchange.tell(gathering.subject, Snapshot(self._exchange.edge, {}))
        self._exchange.close(gathering.subject)
        del self._gatherings[gathering.subject]
        self._rounds.drop(gathering)
        gathering.attendance.forget()
        self._list(gathering)
        FAMILIES.set(len(self._gatherings))

    def _work(self, gathering: Gathering) -> None:
        now = self._clock()
        is_doubted = gathering.tidy(now)
        if gathering.is_due(now):
            self._tell_edges(gathering)
        if is_doubted:
            self._tell_clients(gathering, now)
        self._look_again(gathering)

    def _tell_clients(self, gathering: Gathering, now: float) -> None:
        self._list(gathering)
        lines = gathering.news(lambda person: self._name_now(gathering, person), now)
        for listener, line in lines:
            listener.send(line)
        LINES.inc(len(lines))

    def _look_again(self, gathering: Gathering) -> None:
        now = self._clock()
        when = gathering.next(now)
        if when is not None:
            self._rounds.look(gathering, max(when, now + LEAST_WAIT))

    def _tell_edges(self, gathering: Gathering) -> None:
        now = self._clock()
        was_sent = self._exchange.tell(gathering.subject, gathering.snapshot(self._exchange.edge, now))
        gathering.published(now, was_sent=was_sent)

    def _hear(self, gathering: Gathering, content: Snapshot) -> None:
        when = gathering.hear(content, self._clock())
        if when is not None:
            self._rounds.look(gathering, when)

    def _list(self, gathering: Gathering) -> None:
        uids = gathering.attendance.uids_elsewhere()
        self._elsewhere.list(gathering, {(gathering.world, uid) for uid in uids})

    def _name_now(self, gathering: Gathering, person: Person) -> str | None:
        """Return the name of somebody on another edge; None of who has left the family meanwhile."""
        player = (gathering.world, person.uid)
        move, renaming = self._moves.latest(player), self._names.latest(player)
        if move is not None and move.family.name != gathering.family:
            return None
        return person.name if renaming is None else renaming.name
