"""How each thing goes wrong. A strike returns when it is over; then the system has to recover."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import gevent

from tests.faults.answers import Answers
from tests.faults.load import Load
from tests.faults.people import Cast
from tests.faults.returns import Returns
from tests.faults.stage import Stage
from tests.faults.tally import Tally

FREEZE_SECONDS = 3.0
FORGOTTEN_SECONDS = 11.0  # an entry of a gate lives for 10
MUTE_SECONDS = 6.0  # longer than a worker waits for a statement
CUTS = 4
CUT_SECONDS = 0.8


@dataclass
class Field:
    """What a strike can reach."""

    stage: Stage
    load: Load
    seconds: float
    """How long a strike lasts that has no length of its own."""
    notes: list[str]
    problems: list[str]
    """What a strike finds wrong by itself."""
    tally: Tally
    returns: Returns
    cast: Cast
    answers: Answers


Strike = Callable[[Field], None]


def nothing(field: Field) -> None:
    """Let the load go on."""
    gevent.sleep(field.seconds)


def kill_each(kind: str) -> Strike:
    """kill -9, one process after the other, each after its predecessor is back."""
    return lambda field: restart_each(field, [kind], signal.SIGKILL)


def end_each(kind: str) -> Strike:
    """SIGTERM, one process after the other."""
    return lambda field: restart_each(field, [kind], signal.SIGTERM)


def roll(kinds: Sequence[str]) -> Strike:
    """SIGTERM to all processes of all kinds, one after the other."""
    return lambda field: restart_each(field, kinds, signal.SIGTERM)


def restart_each(field: Field, kinds: Sequence[str], number: int) -> None:
    """Send a signal to each process in turn, and note the slowest restart."""
    processes = field.stage.processes
    times = []
    for name in (name for kind in kinds for name in processes.names(kind)):
        times.append(processes.restart(name, number))
        field.returns.watch()
    field.notes.append(f"slowest restart {max(times):.1f} s")


def kill_children(field: Field) -> None:
    """Kill the process that serves below each first HTTP service; its master has to notice."""
    for name in ("auth-0", "config-0", "mail-0"):
        field.stage.processes.kill_children(name)
    gevent.sleep(field.seconds)


def blackout(field: Field) -> None:
    """The power fails: everything that runs ends at once, and comes back."""
    processes = field.stage.processes
    ended = {name: processes.send(name, signal.SIGKILL) for name in processes.names()}
    for name, pid in ended.items():
        processes.wait_back(name, pid)
    processes.wait_ready()
    field.returns.watch()


def freeze(name: str, seconds: float = FREEZE_SECONDS) -> Strike:
    """Stop a process and its children for a while; their connections stay open and nothing answers."""
    def strike(field: Field) -> None:
        frozen = field.stage.processes.freeze(name)
        try:
            gevent.sleep(seconds)
        finally:
            field.stage.processes.thaw(frozen)
        field.returns.watch()
        gevent.sleep(field.seconds / 2)
    return strike


def stall(place: str) -> Strike:
    """Nothing passes the network to a place for a while; then everything arrives, late."""
    def strike(field: Field) -> None:
        with held(field, place, answers_only=False):
            gevent.sleep(FREEZE_SECONDS)
        field.returns.watch()
        gevent.sleep(field.seconds / 2)
    return strike


def mute(name: str) -> Strike:
    """What goes to a backend arrives and has its effect; its answers do not, and are lost in the end."""
    def strike(field: Field) -> None:
        with held(field, name, answers_only=True):
            gevent.sleep(MUTE_SECONDS)
            for proxy in field.stage.proxies[name]:
                proxy.cut()
        field.returns.watch()
        gevent.sleep(field.seconds / 2)
    return strike


@contextmanager
def held(field: Field, place: str, *, answers_only: bool) -> Iterator[None]:
    """Hold back what passes the proxies of a place."""
    proxies = field.stage.proxies[place]
    for proxy in proxies:
        proxy.pause(answers_only=answers_only)
    try:
        yield
    finally:
        for proxy in proxies:
            proxy.resume()


def cut_all(field: Field) -> None:
    """Reset every connection to backends and from clients, several times."""
    for _ in range(CUTS):
        for proxies in field.stage.proxies.values():
            for proxy in proxies:
                proxy.cut()
        gevent.sleep(CUT_SECONDS)
    field.returns.watch()
