"""One measurement: client processes load something for a while, the CPU of the servers is read before and after."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tests.load.part import RESULT_SECONDS, Part, Times
from tests.load.results import Row, Used, row_of
from tests.load.tally import merged
from tests.load.usage import Usage, difference, machine_seconds

CLIENT = ["-m", "tests.load.client"]


@dataclass(frozen=True)
class Span:
    """How long a measurement takes, in seconds."""

    warm_up: float
    measured: float


@dataclass(frozen=True)
class Load:
    """What the clients do, all processes together: a closed loop of ``clients``, or an open one at ``rate``."""

    addresses: Sequence[tuple[str, int]]
    lines: Sequence[str]
    clients: int = 0
    rate: float = 0.0
    arrivals: str = "poisson"
    keep_alive: bool = False
    authority: str = ""
    processes: int = 2

    once: bool = False

    def orders(self) -> list[dict[str, Any]]:
        """Return an order for each client process."""
        return [{"name": os.urandom(4).hex(), "addresses": list(self.addresses), "authority": self.authority,
                 "lines": self.lines[part::self.processes] or self.lines,
                 "clients": _share(self.clients, part, self.processes),
                 "rate": self.rate / self.processes, "arrivals": self.arrivals,
                 "keep_alive": self.keep_alive, "once": self.once}
                for part in range(self.processes)]


def measure(title: str, load: Load, usage: Usage, span: Span) -> Row:
    """Run one measurement with load clients. Raises PartError."""
    return watch(title, [Part(CLIENT, order) for order in load.orders()], usage, span, load.rate)


def send_once(load: Load) -> None:
    """Send each line once, without measuring: caches and pools are filled then. Raises PartError."""
    parts = [Part(CLIENT, order) for order in replace(load, once=True).orders()]
    with _started(parts, Span(0, RESULT_SECONDS)):
        for part in parts:
            part.result()


def watch(title: str, parts: Sequence[Part], usage: Usage, span: Span, offered: float = 0.0) -> Row:
    """Let processes work; read the CPU of the servers at two moments meanwhile. Raises PartError."""
    with _started(parts, span) as times:
        used = _used_between(usage, times.measure_from, times.end)
        results: list[Mapping[str, Any]] = [part.result() for part in parts]
    return row_of(title, merged(results), used, [result["cpu"] for result in results], offered)


@contextmanager
def _started(parts: Sequence[Part], span: Span) -> Iterator[Times]:
    try:
        for part in parts:
            part.wait_ready()
        begin = time.monotonic()
        times = Times(begin, begin + span.warm_up, begin + span.warm_up + span.measured)
        for part in parts:
            part.go(times)
        yield times
    finally:
        for part in parts:
            part.kill()


def _used_between(usage: Usage, begin: float, end: float) -> Used:
    time.sleep(max(0.0, begin - time.monotonic()))
    before, machine = usage.cpu_seconds(), machine_seconds()
    time.sleep(max(0.0, end - time.monotonic()))
    return Used(difference(usage.cpu_seconds(), before), machine_seconds() - machine, usage.megabytes())


def _share(number: int, part: int, parts: int) -> int:
    return (number + parts - 1 - part) // parts
