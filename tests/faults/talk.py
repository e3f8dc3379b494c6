"""The chat's part of the load: people on all edges say numbered messages, by turns to all and to their family."""

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any

import gevent
from gevent.event import Event

from apps.client.chat import Chat, ChatRefusedError, parse
from apps.client.gate import Address
from common.lines import LineTimeoutError
from tests.faults.caller import Caller
from tests.faults.people import Person
from tests.faults.talk_log import Ear, Saying
from tests.faults.tally import Tally

SESSIONS = itertools.count(1)
SAY_SECONDS = 0.15
STAY_SECONDS = 1.5
"""About how long a stay in the chat takes: joining needs gates, workers, auth and edges."""
DEAF_SECONDS = 3.0
"""Without its own message for so long a client leaves and comes in again."""
JOIN_SECONDS = 2.5
PAUSE_SECONDS = 0.2
END_SECONDS = 30.0
AGAIN = 3
PUBLIC, FAMILY = "PUBLIC", "FAMILY"
PLACES: Mapping[str, Callable[[Person], str]] = {PUBLIC: lambda one: one.world, FAMILY: lambda one: one.family}
"""Channel -> who hears one another there."""
KINDS = {PUBLIC: "chat", FAMILY: "family"}
"""Channel -> what hearing oneself there is, for the tally."""
Said = Mapping[tuple[str, str], tuple[int, int]]
"""Channel and speaker -> (session, number)."""


def show(edge: Address, ticket: str) -> Chat | None:
    """Show a ticket to an edge; the session, or None when it does not let the client in."""
    try:
        return Chat(edge, ticket, JOIN_SECONDS)
    except (ChatRefusedError, LineTimeoutError, OSError):
        return None


class Talker:
    """One person in the chat, coming back again and again."""

    def __init__(self, person: Person, edges: Sequence[Address], caller: Caller, tally: Tally) -> None:
        """Each time the edge with the next address gets the first try."""
        self.person = person
        self.problems: list[str] = []
        self.joined = self.heard = self.lost = 0
        self.latest: dict[tuple[str, str], tuple[int, int]] = {}
        """Channel and speaker -> (session, number) of the latest message heard."""
        self.saying: dict[str, tuple[int, int]] = dict.fromkeys(PLACES, (0, 0))
        """Channel -> the same of the latest message said."""
        self.used: list[str] = []
        """The tickets that opened a session."""
        self._edges = itertools.cycle(edges)
        self._caller = caller
        self._tally = tally
        self._ending = Event()
        self._loop: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        self._loop = gevent.spawn(self._run)

    def stop(self) -> None:
        """Leave the chat. Raises what the loop raised."""
        self._ending.set()
        if self._loop is not None:
            self._loop.get(timeout=END_SECONDS)

    def _run(self) -> None:
        while not self._ending.is_set():
            chat = self._join()
            if chat is None:
                self._ending.wait(PAUSE_SECONDS)
                continue
            with chat:
                self._stay(chat)

    def _join(self) -> Chat | None:
        """Show one ticket to two edges at the same time: at most one may let it in."""
        data = self._caller.read(self.person, "ticket", "get_login_token_chat")
        if data is None:
            return None
        tries = [gevent.spawn(partial(show, next(self._edges), data["token"])) for _ in range(2)]
        gevent.joinall(tries, raise_error=True)
        chats = [one.value for one in tries if one.value is not None]
        if len(chats) > 1:
            self.problems.append("one ticket opened two sessions")
        for chat in chats[1:]:
            chat.close()
        if chats:
            self.used.append(data["token"])
        return chats[0] if chats else None

    def _stay(self, chat: Chat) -> None:
        self.joined += 1
        self._tally.success("join")
        end = monotonic() + STAY_SECONDS * random.uniform(0.5, 1.5)
        ears, session = {channel: Ear(place(self.person)) for channel, place in PLACES.items()}, next(SESSIONS)
        listener = gevent.spawn(self._listen, chat, ears, session)
        try:
            for number, channel in ((number, channel) for number in itertools.count(1) for channel in PLACES):
                if self._ending.is_set() or listener.dead or monotonic() > end:
                    break
                self.saying[channel] = (session, number)
                chat.say(channel, str(Saying(PLACES[channel](self.person), self.person.name, session, number)))
                self._ending.wait(SAY_SECONDS)
        except OSError:
            pass  # the edge is gone: the loop comes in again
        finally:
            listener.kill()
            for ear in ears.values():
                self._take(ear)

    def _take(self, ear: Ear) -> None:
        self.problems += ear.problems
        self.heard += ear.heard
        self.lost += ear.lost

    def _listen(self, chat: Chat, ears: Mapping[str, Ear], session: int) -> None:
        """Hear until the edge closes, or until nothing of ours has come back for too long."""
        deadline = monotonic() + DEAF_SECONDS
        while (left := deadline - monotonic()) > 0:
            try:
                line = chat.read(left)
            except (OSError, LineTimeoutError):
                return
            if line is None:
                return
            channel, _, text = parse(line)
            saying = ears.get(channel, ears[PUBLIC]).hear(text)
            if saying is None:
                continue
            self.latest[channel, saying.speaker] = (saying.session, saying.number)
            if saying.session == session:
                self._tally.success(KINDS[channel])
                deadline = monotonic() + DEAF_SECONDS


class Talk:
    """All talkers."""

    def __init__(self, people: Sequence[Person], gates: Sequence[Address], edges: Sequence[Address],
                 tally: Tally) -> None:
        edges = list(edges)
        self.talkers = [Talker(person, edges[number % len(edges):] + edges[:number % len(edges)],
                               Caller(gates, tally), tally) for number, person in enumerate(people)]

    def start(self) -> None:
        for talker in self.talkers:
            talker.start()

    def stop(self) -> None:
        for talker in self.talkers:
            talker.stop()

    def deaf(self, since: Said) -> list[str]:
        """Name who has not heard somebody of the same world or family say anything later than ``since``."""
        return [f"{listener.person.name} did not hear {speaker.person.name} in {channel}"
                for channel, place in PLACES.items() for listener in self.talkers for speaker in self.talkers
                if place(listener.person) == place(speaker.person)
                and listener.latest.get((channel, speaker.person.name), (0, 0)) <= since[channel, speaker.person.name]]

    def said(self) -> Said:
        """Return what each one said latest in each channel."""
        return {(channel, talker.person.name): latest for talker in self.talkers
                for channel, latest in talker.saying.items()}

    def show_again(self, edges: Sequence[Address]) -> list[str]:
        """Show used tickets once more, the last ones of each; name the problem when one opens a session."""
        tries = [gevent.spawn(show, edges[number % len(edges)], ticket)
                 for talker in self.talkers for number, ticket in enumerate(talker.used[-AGAIN:])]
        gevent.joinall(tries, raise_error=True)
        opened = [one.value for one in tries if one.value is not None]
        for chat in opened:
            chat.close()
        return [f"{len(opened)} used tickets opened a session again"] if opened else []

    @property
    def problems(self) -> list[str]:
        return [problem for talker in self.talkers for problem in talker.problems]
