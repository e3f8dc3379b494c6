"""One measurement: client processes load something for a while, the CPU of the servers is read before and after."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.load.part import Part
from tests.load.results import Row, row_of
from tests.load.tally import merged
from tests.load.usage import Figures, Usage, difference

CLIENT = ["-m", "tests.load.client"]
LEAD_SECONDS = 0.5
"""For the client processes to start."""


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
    keep_alive: bool = False
    authority: str = ""
    processes: int = 2

    def orders(self, span: Span) -> list[dict[str, Any]]:
        """Return an order for each client process."""
        begin = time.monotonic() + LEAD_SECONDS
        times = {"begin": begin, "measure_from": begin + span.warm_up, "end": begin + span.warm_up + span.measured}
        return [{**times, "name": os.urandom(4).hex(), "addresses": list(self.addresses), "authority": self.authority,
                 "lines": self.lines[part::self.processes] or self.lines, "clients": _share(self.clients, part, self.processes),
                 "rate": self.rate / self.processes, "keep_alive": self.keep_alive}
                for part in range(self.processes)]


def measure(title: str, load: Load, usage: Usage, span: Span) -> Row:
    """Run one measurement. Raises PartError."""
    orders = load.orders(span)
    parts = [Part(CLIENT, order) for order in orders]
    return watch(title, parts, usage, orders[0]["measure_from"], orders[0]["end"])


def watch(title: str, parts: Sequence[Part], usage: Usage, begin: float, end: float) -> Row:
    """Read the CPU of the servers at two moments while client processes run, then collect what those counted."""
    try:
        used, memory = _used_between(usage, begin, end)
        results: list[Mapping[str, Any]] = [part.result(60) for part in parts]
    finally:
        for part in parts:
            part.kill()
    return row_of(title, merged(results), used, sum(result["cpu"] for result in results), memory)


def _used_between(usage: Usage, begin: float, end: float) -> tuple[Figures, Figures]:
    time.sleep(max(0.0, begin - time.monotonic()))
    before = usage.cpu_seconds()
    time.sleep(max(0.0, end - time.monotonic()))
    return difference(usage.cpu_seconds(), before), usage.megabytes()


def _share(number: int, part: int, parts: int) -> int:
    return (number + parts - 1 - part) // parts
