"""All replicas of a service are away at once; what does not need it goes on."""

import signal
from collections.abc import Callable, Sequence
from time import monotonic

import gevent

from apps.client.gate import Address
from apps.client.player import Player
from common.lines import LineTimeoutError
from tests.faults.answers import SUCCESS, WAIT_SECONDS
from tests.faults.once import Once, UnreachedError
from tests.faults.people import Cast, Person
from tests.faults.strikes import Field, Strike, held

USUAL_SECONDS = 2.0
"""How long the usual rate is measured."""
READERS = 2
PAUSE_SECONDS = 0.1
LONGEST_SECONDS = 1.0
"""What a read may take meanwhile; one that waited for the service would take 2 s, a worker's ``--service-timeout``."""


class Readers:
    """Clients that read balances, one request after the other, which needs no service over HTTP."""

    def __init__(self, cast: Cast, gates: Sequence[Address]) -> None:
        self._good: list[float] = []
        self._begun: dict[int, float] = {}
        self._loops = [gevent.spawn(self._read, number, cast.actors[number], Once(gates, WAIT_SECONDS))
                       for number in range(READERS)]

    def during(self, work: Callable[[], object]) -> tuple[float, float]:
        """Return how many reads a second succeed while ``work`` is done, and how long the longest takes, in seconds.

        One that still waits at the end counts, too.
        """
        self._good, begun = [], monotonic()
        work()
        now = monotonic()
        return len(self._good) / (now - begun), max([*self._good, *(now - one for one in self._begun.values())])

    def stop(self) -> None:
        gevent.killall(self._loops)

    def _read(self, number: int, actor: Person, gate: Once) -> None:
        while True:
            begun = self._begun[number] = monotonic()
            try:
                answer = Player(gate, actor.state).call("get_all_resource")
                self._good += [monotonic() - begun] if answer["status"] == SUCCESS else []
            except (OSError, LineTimeoutError, UnreachedError):
                gevent.sleep(PAUSE_SECONDS)


def reads_go_on(share: float, outage: Strike) -> Strike:
    """Measure reads during an outage: fewer than ``share`` of the usual rate that succeed, or slow ones, are a problem.

    The rest of the load goes on beside them. Where it waits for the service it leaves them more of the machine than
    usual, so the rate alone says little, and how long they take is looked at, too.
    """
    def strike(field: Field) -> None:
        readers = Readers(field.cast, field.stage.gates)
        try:
            usual, _ = readers.during(lambda: gevent.sleep(USUAL_SECONDS))
            kept, longest = readers.during(lambda: outage(field))
        finally:
            readers.stop()
        field.notes.append(f"reads go on with {kept / usual:.0%} of {usual:.0f}/s, the longest takes {longest:.2f} s"
                           if usual else "no reads at all")
        field.problems += [*too_few(usual, kept, share), *too_slow(longest)]
        field.returns.watch()
    return strike


def too_few(usual: float, kept: float, share: float) -> list[str]:
    """Describe reads that an outage keeps from going on."""
    if usual and kept >= share * usual:
        return []
    return [f"{kept:.0f} reads/s, {usual:.0f} are usual, {share:.0%} expected"]


def too_slow(longest: float) -> list[str]:
    """Describe reads that an outage holds up."""
    return [f"a read took {longest:.1f} s, at most {LONGEST_SECONDS:g} expected"] if longest > LONGEST_SECONDS else []


def kill_all(kind: str) -> Strike:
    """kill -9 of all replicas at once; over when all are back."""
    def strike(field: Field) -> None:
        processes = field.stage.processes
        ended = {name: processes.send(name, signal.SIGKILL) for name in processes.names(kind)}
        for name, pid in ended.items():
            processes.wait_back(name, pid)
    return strike


def freeze_all(kind: str, seconds: float) -> Strike:
    """SIGSTOP of all replicas with their children at once."""
    def strike(field: Field) -> None:
        processes = field.stage.processes
        frozen = [pid for name in processes.names(kind) for pid in processes.freeze(name)]
        try:
            gevent.sleep(seconds)
        finally:
            processes.thaw(frozen)
    return strike


def unreachable(place: str, seconds: float) -> Strike:
    """Nothing passes the network to any replica of a service, and what was sent meanwhile is lost."""
    def strike(field: Field) -> None:
        with held(field, place, answers_only=False):
            gevent.sleep(seconds)
            for proxy in field.stage.proxies[place]:
                proxy.cut()
    return strike
