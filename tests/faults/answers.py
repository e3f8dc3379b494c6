"""Clients that ask once and wait for as long as a gate may take: every request in flight gets an answer in time."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import gevent
from gevent.event import Event

from apps.client.gate import Address
from apps.client.player import Player
from common.lines import LineTimeoutError
from tests.faults.caller import attempt
from tests.faults.once import Once, UnreachedError
from tests.faults.people import COIN, Cast, Person

CLIENTS = 4
LIMIT_SECONDS = 12.0
"""What a gate may take, its ``--answer-seconds``."""
ALLOWANCE_SECONDS = 1.0
"""What a busy machine may add to it."""
WAIT_SECONDS = LIMIT_SECONDS + 3.0
PAUSE_SECONDS = 0.05
SUCCESS, TIMED_OUT, BUSY = 0, -2, -3
ANSWERS = {SUCCESS: "good", TIMED_OUT: "timed out", BUSY: "refused"}
CLOSED, SILENT, UNREACHED = "closed", "silent", "not connected"
KILL_SECONDS = 0.3
"""Time in which a process ends that was killed."""

Kills = Mapping[Address, Sequence[float]]
"""When the gates at these addresses were killed."""


@dataclass(frozen=True)
class Asked:
    """One request and what became of it: one of ANSWERS, CLOSED, SILENT or UNREACHED, or a text of a wrong answer."""

    what: str
    gate: Address
    begun: float
    ended: float
    outcome: str

    @property
    def seconds(self) -> float:
        return self.ended - self.begun

    def broken_by(self, kills: Kills) -> bool:
        """Whether its gate was killed while it was in flight."""
        return self.outcome == CLOSED and any(
            self.begun <= moment + KILL_SECONDS and moment <= self.ended for moment in kills.get(self.gate, ()))


class Answers:
    """The patient clients of one case."""

    def __init__(self, cast: Cast, gates: Sequence[Address], seed: int, *, wait: float = WAIT_SECONDS) -> None:
        """``wait`` is how long a client waits for an answer, in seconds."""
        self._wait = wait
        self._cast = cast
        self._gates = list(gates)
        self._random = random.Random(seed)
        self._ending = Event()
        self._loops: list[gevent.Greenlet[..., Any]] = []
        self._clients: list[Once] = []
        self._actions = itertools.cycle((self._read, self._write, self._list_mails, self._ticket))
        self.asked: list[Asked] = []

    def start(self) -> None:
        for number in range(CLIENTS):
            gates = self._gates[number % len(self._gates):] + self._gates[:number % len(self._gates)]
            self._clients.append(client := Once(gates, self._wait))
            self._loops.append(gevent.spawn(self._act, client))

    def stop(self) -> None:
        """Wait for the answers that are still due. Raises what a client raised."""
        self._ending.set()
        gevent.joinall(self._loops, timeout=2 * self._wait, raise_error=True)

    def wait_at(self, gate: Address) -> bool:
        """Whether a client waits for an answer of this gate."""
        return any(client.is_waiting and client.address == gate for client in self._clients)

    def _act(self, gate: Once) -> None:
        while not self._ending.is_set():
            next(self._actions)(gate)
            gevent.sleep(PAUSE_SECONDS)

    def _read(self, gate: Once) -> None:
        self._ask(gate, self._random.choice(self._cast.actors), "get_all_resource")

    def _list_mails(self, gate: Once) -> None:
        self._ask(gate, self._random.choice(self._cast.receivers), "get_all_mail")

    def _ticket(self, gate: Once) -> None:
        self._ask(gate, self._random.choice(self._cast.talkers), "get_login_token_chat")

    def _write(self, gate: Once) -> None:
        """A write that is not acknowledged here is repeated by the examiner."""
        actor, amount = self._random.choice(self._cast.actors), self._random.randint(1, 1000)
        earned = actor.journal.begin(attempt("add_resources", {COIN: amount}, items=[f"3:{COIN}:{amount}"]))
        if self._ask(gate, actor, earned.function, earned.request_id, **earned.data):
            earned.answer = gate.line

    def _ask(self, gate: Once, person: Person, function: str, request_id: str | None = None, **data: Any) -> bool:
        """Make one request and note what became of it; whether it got a good answer."""
        begun = monotonic()
        outcome = outcome_of(lambda: Player(gate, person.state).call(function, request_id, **data))
        self.asked.append(Asked(function, gate.address, begun, monotonic(), outcome))
        return outcome == ANSWERS[SUCCESS]


def outcome_of(call: Callable[[], Any]) -> str:
    """Return what became of one call; see Asked."""
    try:
        answer = call()
    except UnreachedError:
        return UNREACHED
    except LineTimeoutError:
        return SILENT
    except OSError:
        return CLOSED
    return ANSWERS.get(answer["status"]) or f"wrong answer: {answer}"[:200]


def count(asked: Sequence[Asked]) -> dict[str, int]:
    """Return how many requests had which outcome."""
    return dict(Counter(one.outcome for one in asked))


def unanswered(asked: Sequence[Asked]) -> list[Asked]:
    """Return the requests that were sent and got no answer."""
    return [one for one in asked if one.outcome in (CLOSED, SILENT)]


def problems(asked: Sequence[Asked], kills: Kills, *, resets: bool) -> list[str]:
    """Describe the requests without an answer, but for those at a gate that was killed, and late answers.

    With ``resets`` the case breaks connections of clients by itself.
    """
    missing = [one for one in unanswered(asked)
               if not one.broken_by(kills) and not (resets and one.outcome == CLOSED)]
    answered = [one for one in asked if one.outcome not in (CLOSED, SILENT, UNREACHED)]
    late = [one for one in answered if one.seconds > LIMIT_SECONDS + ALLOWANCE_SECONDS]
    wrong = [one for one in answered if one.outcome not in ANSWERS.values()]
    found = []
    for what, those in (("without an answer", missing), ("answered too late", late), ("answered wrongly", wrong)):
        if those:
            found.append(f"{len(those)} requests {what}: {those[0].what} {those[0].outcome} "
                         f"after {those[0].seconds:.1f} s")
    return found
