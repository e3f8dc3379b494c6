"""What the project wants to reach, and whether a run reached it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.load.results import Row

Rows = Mapping[str, Row]
READS = ("reads_16", "reads_32", "reads_64")
LISTS = {"friends_50": "50 friends", "family_50": "a family of 50", "mails_50": "50 mails"}
"""Measurement -> what it lists."""


@dataclass(frozen=True)
class Target:
    """``found(rows)`` is to be at most, or at least, ``limit``."""

    text: str
    limit: float
    at_least: bool
    needs: tuple[str, ...]
    found: Callable[[Rows], float]

    def met(self, value: float) -> bool:
        """Whether a value is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Verdict:
    """A target and what a run found."""

    text: str
    sign: str
    limit: float
    value: float
    met: bool


def peak(rows: Rows) -> Row:
    """Return the row with the most reads a second."""
    return max((rows[name] for name in READS if name in rows), key=lambda row: row.per_second)


def _cpu(name: str) -> Callable[[Rows], float]:
    return lambda rows: rows[name].cpu_in_all


def _spread(*names: str) -> Callable[[Rows], float]:
    """Return how much dearer the dearest of ``names`` is than the first."""
    return lambda rows: max(rows[name].cpu_in_all for name in names) / rows[names[0]].cpu_in_all


def _beside_reads(name: str) -> Callable[[Rows], float]:
    """Return how much dearer ``name`` is than the read of 20 items with as many clients."""
    return lambda rows: rows[name].cpu_in_all / rows["reads_32"].cpu_in_all


TARGETS = (
    Target("CPU of an authenticated read, ms", 0.8, False, READS, lambda rows: peak(rows).cpu_in_all),
    Target("CPU of a request of the mix, ms", 1.2, False, ("mix",), _cpu("mix")),
    Target("CPU of a mail, ms", 2.5, False, ("mail",), _cpu("mail")),
    Target("peak reads a second", 1500, True, READS, lambda rows: peak(rows).per_second),
    Target("p99 at half the peak, open loop, ms", 10, False, ("half_peak",), lambda rows: rows["half_peak"].p99),
    Target("CPU with TLS on kept connections / plain, new connections", 1.15, False, ("tls_keep_alive", "reads_32"),
           lambda rows: rows["tls_keep_alive"].cpu_in_all / rows["reads_32"].cpu_in_all),
    Target("chat deliveries a second and core", 240_000, True, ("chat",),
           lambda rows: rows["chat"].more["deliveries a core"]),
    Target("p99 of the chat, ms", 50, False, ("chat",), lambda rows: rows["chat"].p99),
    Target("MiB of an edge with 10,000 idle clients", 400, False, ("chat_idle",),
           lambda rows: rows["chat_idle"].memory["edge"]),
    Target("joins a second", 1000, True, ("chat_idle",), lambda rows: rows["chat_idle"].per_second),
    Target("goodput at three times the peak / peak", 0.9, True, ("overload",),
           lambda rows: rows["overload"].per_second / rows["overload"].more["peak just before"]),
    Target("p99 of what is accepted then, ms", 250, False, ("overload",), lambda rows: rows["overload"].p99),
    Target("CPU of a read, 4 workers / 1 worker", 1.15, False, ("workers_1", "workers_2", "workers_4"),
           _spread("workers_1", "workers_2", "workers_4")),
    Target("CPU of a read, 10,000 players / 1,000", 1.15, False, ("players_1k", "players_10k"),
           _spread("players_1k", "players_10k")),
    *(Target(f"CPU of {what} / 20 items", 1.5, False, (name, "reads_32"), _beside_reads(name))
      for name, what in LISTS.items()),
    Target("word filter, 100 characters, us", 20, False, ("word_filter",),
           lambda rows: max(rows["word_filter"].more.values())),
)


def verdicts(rows: Rows) -> list[Verdict]:
    """Judge the targets for which there are figures."""
    found = [(target, target.found(rows)) for target in TARGETS if all(name in rows for name in target.needs)]
    return [Verdict(target.text, ">=" if target.at_least else "<=", target.limit, value, target.met(value))
            for target, value in found]
