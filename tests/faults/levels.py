"""What processes have of greenlets and subscriptions between two cases: as they count it, and as NATS does."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

import gevent

from apps.gate.crew import MOST_IDLE
from common.nats import NATSError
from tests.faults import idle, nats_view
from tests.faults.nats_view import Kind
from tests.faults.processes import Processes

MOST_MORE = {"process_greenlets": 4, "nats_subscriptions": 2}
"""Gauge -> how much more than at the first look is no leak."""
KEPT = 60
"""Connections that an HTTP service may keep for its callers until they are wanted again; each has a greenlet."""
SPARE = {"auth": KEPT, "config": KEPT, "mail": KEPT, "gate": MOST_IDLE}
"""Greenlets that a process of this kind may keep for later; those of gates serve connections."""
SECONDS = 6.0
POLL_SECONDS = 0.3

Level = Mapping[str, float]


class LevelWatch:
    """Compares each process, and each kind in the eyes of NATS, with the first look at it."""

    def __init__(self, processes: Processes, nats_url: str) -> None:
        """Looks for the first time, so nobody may play yet."""
        self._processes = processes
        self._nats_url = nats_url
        self._first: dict[tuple[str, int], Level] = {}
        self._kinds: dict[str, Kind] = {}
        self._found: dict[str, Any] = {}
        self.look()

    def look(self) -> tuple[list[str], dict[str, Any]]:
        """Return what has grown and does not come down in a while, and for each process what it has."""
        deadline = monotonic() + SECONDS
        while (problems := self._compare()) and monotonic() < deadline:
            gevent.sleep(POLL_SECONDS)
        return problems, dict(self._found)

    def _compare(self) -> list[str]:
        processes = [one for one in self._processes.system.endpoints["processes"] if one["ops"]]
        own = [problem for one in processes for problem in self._own(one["name"], one["pid"], one["ops"])]
        return own + self._seen_by_nats()

    def _own(self, name: str, pid: int, ops: str) -> list[str]:
        """A process that was started again has a first look of its own."""
        try:
            now = levels(idle.page(ops))
        except OSError as error:
            return [f"{name} does not show its metrics: {error}"]
        self._found[name] = now
        return growth(name, self._first.setdefault((name, pid), now), now)

    def _seen_by_nats(self) -> list[str]:
        try:
            kinds = nats_view.ask(self._nats_url)
        except NATSError as error:
            return [f"NATS does not show its connections: {error}"]
        self._found["nats"] = {name: [kind.connections, kind.subscriptions] for name, kind in kinds.items()}
        return [problem for name, kind in kinds.items()
                for problem in nats_view.growth(name, self._kinds.setdefault(name, kind), kind)]


def levels(text: str) -> Level:
    """Return the gauges of MOST_MORE that a page of metrics has; those with labels are summed up."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        name = name.partition("{")[0]
        if name in MOST_MORE:
            found[name] = found.get(name, 0.0) + float(value)
    return found


def growth(name: str, first: Level, now: Level) -> list[str]:
    """Describe what has grown beyond what is no leak."""
    most = {**MOST_MORE, "process_greenlets": MOST_MORE["process_greenlets"] + SPARE.get(name.rpartition("-")[0], 0)}
    return [f"{name}: {gauge} is {value:g}, {first.get(gauge, 0.0):g} at first" for gauge, value in now.items()
            if value > first.get(gauge, 0.0) + most[gauge]]
