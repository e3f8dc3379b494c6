"""Whether a measurement can be believed, or says more about the load clients and the machine. Pure."""

from dataclasses import dataclass

from tests.load.results import Row

REACHED = 0.95
"""Share of what an open loop offers that is to be answered meanwhile."""
LEAST_LAG = 1.0
"""Milliseconds by which a load client is never late."""


@dataclass(frozen=True)
class Limits:
    """``noise``: cores; ``lag``: share of the p99 latency; ``client``: share of a core."""

    noise: float = 0.3
    lag: float = 0.25
    client: float = 0.85


MARKS = """doubt: noise: something else used more of the machine than the limit; late: the load clients' own lag is much
of the p99; client: a process of load clients had no CPU left; behind: less was answered than was offered"""


def doubts(row: Row, limits: Limits) -> list[str]:
    """Return the marks of a row, none when nothing speaks against it."""
    marks = {"noise": row.noise > limits.noise,
             "late": row.lag > max(LEAST_LAG, limits.lag * row.p99),
             "client": row.client_busy > limits.client,
             "behind": row.answered < REACHED * row.offered}
    return [mark for mark, holds in marks.items() if holds]
