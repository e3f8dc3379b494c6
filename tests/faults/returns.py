"""How soon service is back once what was away has returned: fresh requests of every kind, one after the other.

The clients of the load may still wait for what they asked before, or pause before they try again; that says nothing of
the service. So from the moment of the return on, a new request of each kind is sent every few tenths of a second,
whatever became of those before, and the first success counts.
"""

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

import gevent
from gevent.event import Event

from apps.client.chat import Chat, ChatRefusedError, parse
from apps.client.gate import Address
from apps.client.player import Player
from common.lines import LineTimeoutError
from tests.faults.caller import SUCCESS, attempt
from tests.faults.once import Once, UnreachedError
from tests.faults.people import COIN, Cast, Person
from tests.faults.talk import SESSIONS
from tests.faults.talk_log import Saying

LIMIT_SECONDS = 2.0
ALLOWANCE_SECONDS = 1.0
"""What a machine may add whose cores make the load, too."""
PAUSE_SECONDS = 0.2
GIVE_UP_SECONDS = 10.0
CHAT = "chat"


class Returns:
    """Looks how soon each kind of request works, at each return of something during one case."""

    def __init__(self, cast: Cast, gates: Sequence[Address], edges: Sequence[Address]) -> None:
        self._cast = cast
        self._gates = list(gates)
        self._edges = list(edges)
        self._turn = 0
        self.found: list[Mapping[str, float]] = []
        """For each return: kind -> seconds until the first success."""

    def watch(self) -> None:
        """Something has returned just now; wait until every kind of request has worked once, or for GIVE_UP_SECONDS."""
        begun = monotonic()
        kinds: dict[str, Callable[[], bool]] = {
            "read": self._read, "write": self._write, "mail": self._list_mails, CHAT: self._chat}
        races = {kind: gevent.spawn(first_success, work, begun) for kind, work in kinds.items()}
        gevent.joinall(list(races.values()), raise_error=True)
        self.found.append({kind: race.get() for kind, race in races.items()})

    @property
    def longest(self) -> float | None:
        """The longest time until a kind of request worked again, in seconds; None when nothing returned."""
        return max((seconds for one in self.found for seconds in one.values()), default=None)

    def problems(self) -> list[str]:
        return problems(self.found)

    def _next(self) -> int:
        self._turn += 1
        return self._turn

    def _gate(self) -> Once:
        first = self._next() % len(self._gates)
        return Once(self._gates[first:] + self._gates[:first], GIVE_UP_SECONDS)

    def _read(self) -> bool:
        return self._ask(self._cast.actors[0], "get_all_resource") is not None

    def _list_mails(self) -> bool:
        return self._ask(self._cast.receivers[0], "get_all_mail") is not None

    def _write(self) -> bool:
        """A write that is not acknowledged here is repeated by the examiner."""
        gate, actor = self._gate(), self._cast.actors[0]
        earned = actor.journal.begin(attempt("add_resources", {COIN: 1}, items=[f"3:{COIN}:1"]))
        answer = Player(gate, actor.state).call(earned.function, earned.request_id, **earned.data)
        if answer["status"] != SUCCESS:
            return False
        earned.answer = gate.line
        return True

    def _chat(self) -> bool:
        """Come in and hear oneself."""
        speaker = self._cast.receivers[0]
        ticket = self._ask(speaker, "get_login_token_chat")
        if ticket is None:
            return False
        edge = self._edges[self._next() % len(self._edges)]
        with Chat(edge, ticket["token"], GIVE_UP_SECONDS) as chat:
            said = str(Saying(speaker.world, speaker.name, next(SESSIONS), 1))
            chat.say("PUBLIC", said)
            while line := chat.read(GIVE_UP_SECONDS):
                if parse(line)[2] == said:
                    return True
        return False

    def _ask(self, person: Person, function: str) -> Any:
        """Return the ``data`` of a good answer, None otherwise."""
        answer = Player(self._gate(), person.state).call(function)
        return answer["data"] if answer["status"] == SUCCESS else None


def first_success(work: Callable[[], bool], begun: float) -> float:
    """Begin ``work`` again and again, side by side, until it succeeds once; return the seconds since ``begun``."""
    done, tries = Event(), []
    while not done.is_set() and monotonic() < begun + GIVE_UP_SECONDS:
        tries.append(gevent.spawn(attempt_once, work, done))
        done.wait(PAUSE_SECONDS)
    seconds = monotonic() - begun
    gevent.killall(tries)
    return seconds


def attempt_once(work: Callable[[], bool], done: Event) -> None:
    """Set ``done`` if ``work`` succeeds; that it does not is what is measured."""
    try:
        if work():
            done.set()
    except (OSError, LineTimeoutError, UnreachedError, ChatRefusedError):
        return


def problems(found: Sequence[Mapping[str, float]]) -> list[str]:
    """Describe what came back too late."""
    return [f"no {kind} for {seconds:.1f} s after the return, at most {LIMIT_SECONDS + ALLOWANCE_SECONDS:g} expected"
            for one in found for kind, seconds in one.items() if seconds > LIMIT_SECONDS + ALLOWANCE_SECONDS]
