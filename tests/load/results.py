"""What a measurement found: one row of the table, and how repetitions become one. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

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
    noise: float = 0.0
    """Cores that were busy meanwhile with what is no part of the measurement."""
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


def row_of(title: str, tally: Tally, cpu_seconds: Mapping[str, float], client_cpu: float, machine_cpu: float,
           memory: Mapping[str, float]) -> Row:
    """Make a row of what clients counted and of the CPU seconds that servers, clients and all processes used."""
    lag = {"client's own lag, p99 in ms": tally.lag.percentile(99) * 1000} if tally.lag.count else {}
    answers, seconds = max(1, tally.answered_in_time), tally.end - tally.begin
    p50, p95, p99 = (tally.accepted.percentile(share) * 1000 for share in PERCENTILES)
    return Row(
        title=title, per_second=tally.accepted_in_time / seconds, p50=p50, p95=p95, p99=p99,
        largest=tally.accepted.largest * 1000, client_cpu=client_cpu / answers * 1000,
        noise=max(0.0, machine_cpu - client_cpu - sum(cpu_seconds.values())) / seconds, memory=dict(memory),
        cpu={kind: used / answers * 1000 for kind, used in cpu_seconds.items()},
        more=lag, outcomes={outcome: float(count) for outcome, count in tally.outcomes.items()})


def median(rows: Sequence[Row]) -> Row:
    """Return the row of medians; a median is taken of each figure by itself.

    Repetitions that met much more noise than the quietest one say more about the noise, and are left out.
    """
    limit = min(row.noise for row in rows) + SAME_NOISE
    quiet = [row for row in rows if row.noise <= limit]
    found = {one.name: _median([getattr(row, one.name) for row in quiet]) for one in fields(Row) if one.name != "title"}
    return Row(title=quiet[-1].title, **found)


def _median(values: Sequence[Any]) -> Any:
    if isinstance(values[0], dict):
        names = dict.fromkeys(name for value in values for name in value)
        return {name: statistics.median([value.get(name, 0.0) for value in values]) for name in names}
    return statistics.median(values)
