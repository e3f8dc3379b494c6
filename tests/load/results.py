"""What a measurement found: one row of the table, and how repetitions become one. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from tests.load.histogram import Histogram
from tests.load.tally import Tally

PERCENTILES = (50, 95, 99)
SAME_NOISE = 0.3
"""Cores by which the noise of repetitions may differ."""


@dataclass
class Row:
    """Figures of one measurement. CPU is in milliseconds a request, memory in MiB, latencies in milliseconds."""

    title: str
    per_second: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    largest: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    client_cpu: float = 0.0
    """Of the load clients, who are not part of the system."""
    client_busy: float = 0.0
    """Share of a core that the busiest process of load clients used."""
    noise: float = 0.0
    """Cores that were busy meanwhile with what is no part of the measurement."""
    lag: float = 0.0
    """How late the load clients themselves were, p99."""
    offered: float = 0.0
    """Requests a second of an open loop; 0 for a closed one."""
    answered: float = 0.0
    """Answers a second, refusals included."""
    refused: dict[str, float] = field(default_factory=dict)
    """Latencies of refusals, and how many came ``per_second``; empty when there were none."""
    outcomes: dict[str, float] = field(default_factory=dict)
    more: dict[str, float] = field(default_factory=dict)
    """What only this kind of measurement has."""

    @property
    def cpu_in_all(self) -> float:
        """CPU milliseconds a request of all server processes together."""
        return sum(self.cpu.values())

    def as_json(self) -> dict[str, Any]:
        """Return what ``Row(**...)`` reads."""
        return asdict(self)


@dataclass(frozen=True)
class Used:
    """What was used in the span of a measurement: CPU seconds, and MiB at its end."""

    servers: Mapping[str, float]
    machine: float
    memory: Mapping[str, float]


def row_of(title: str, tally: Tally, used: Used, clients: Sequence[float] = (), offered: float = 0.0) -> Row:
    """Make a row of what was counted and of what was used; ``clients`` is the CPU seconds of each client process."""
    answers, seconds = max(1, tally.answered_in_time), tally.end - tally.begin
    return Row(
        title=title, per_second=tally.accepted_in_time / seconds, **_latencies(tally.accepted),
        client_cpu=sum(clients) / answers * 1000, client_busy=max(clients, default=0.0) / seconds,
        noise=max(0.0, used.machine - sum(clients) - sum(used.servers.values())) / seconds, memory=dict(used.memory),
        cpu={kind: cpu / answers * 1000 for kind, cpu in used.servers.items()}, lag=tally.lag.percentile(99) * 1000,
        offered=offered, answered=tally.answered_in_time / seconds, refused=_refusals(tally, seconds),
        outcomes={outcome: float(count) for outcome, count in tally.outcomes.items()})


def refusals(overload: Row, peak: Row) -> Row:
    """Return the row of those who were refused.

    Their CPU is what ``overload`` used beyond what its accepted requests cost at the ``peak``; a service that used less
    counts as none.
    """
    refused: dict[str, Any] = overload.refused or {**_latencies(Histogram()), "per_second": 0.0}
    each = max(1.0, refused["per_second"])
    beyond = {kind: cpu * overload.answered - peak.cpu.get(kind, 0.0) * overload.per_second
              for kind, cpu in overload.cpu.items()}
    return replace(overload, title="those who were refused meanwhile; CPU: beyond that of the accepted at the peak",
                   **refused, cpu={kind: max(0.0, cpu) / each for kind, cpu in beyond.items()}, outcomes={}, more={})


def median(rows: Sequence[Row]) -> Row:
    """Return the row of medians; a median is taken of each figure by itself.

    Repetitions that met much more noise than the quietest one say more about the noise, and are left out.
    """
    limit = min(row.noise for row in rows) + SAME_NOISE
    quiet = [row for row in rows if row.noise <= limit]
    found = {one.name: _median([getattr(row, one.name) for row in quiet]) for one in fields(Row) if one.name != "title"}
    return Row(title=quiet[-1].title, **found)


def _latencies(found: Histogram) -> dict[str, Any]:
    shares = {f"p{share}": found.percentile(share) * 1000 for share in PERCENTILES}
    return {**shares, "largest": found.largest * 1000}


def _refusals(tally: Tally, seconds: float) -> dict[str, float]:
    if not tally.refused.count:
        return {}
    return {**_latencies(tally.refused), "per_second": tally.refused.count / seconds}


def _median(values: Sequence[Any]) -> Any:
    if isinstance(values[0], dict):
        names = dict.fromkeys(name for value in values for name in value)
        return {name: statistics.median([value.get(name, 0.0) for value in values]) for name in names}
    return statistics.median(values)
