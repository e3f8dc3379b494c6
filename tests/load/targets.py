"""What the project wants to reach, and whether a run reached it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.load import reference
from tests.load.results import Row
from tests.load.trust import Limits, doubts

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
    grows: int = 0
    """With what a machine is slow: 1 for CPU, -1 for work a core; 0 for what is no matter of CPU alone."""

    def scaled(self, value: float, ratio: float | None) -> float | None:
        """Return what a value would be where CPU figures are ``ratio`` times those found here."""
        return value * ratio ** self.grows if ratio and self.grows else None

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
    scaled: float | None = None
    """The value at the speed of the machine on which absolute targets were set; None where that changes nothing."""
    scaled_met: bool | None = None
    doubts: tuple[str, ...] = ()
    """Why the measurements behind it are not to be trusted: each as ``NAME: MARK``."""


def peak(rows: Rows) -> Row:
    """Return the row with the most reads a second."""
    return max((rows[name] for name in READS if name in rows), key=lambda row: row.per_second)


def _cpu(name: str) -> Callable[[Rows], float]:
    return lambda rows: rows[name].cpu_in_all


def _pair(one: str, other: str) -> tuple[tuple[str, str], Callable[[Rows], float]]:
    """Return what is needed to tell how much dearer ``other`` is than ``one``, and what tells it."""
    return (one, other), lambda rows: rows[other].cpu_in_all / rows[one].cpu_in_all


def _beside_reads(name: str) -> Callable[[Rows], float]:
    """Return how much dearer ``name`` is than the read of 20 items with as many clients."""
    return lambda rows: rows[name].cpu_in_all / rows["reads_32"].cpu_in_all


TARGETS = (
    Target("CPU of an authenticated read, ms", 0.8, False, READS, lambda rows: peak(rows).cpu_in_all, 1),
    Target("CPU of a request of the mix, ms", 1.2, False, ("mix",), _cpu("mix"), 1),
    Target("CPU of a mail, ms", 2.5, False, ("mail",), _cpu("mail"), 1),
    Target("peak reads a second", 1500, True, READS, lambda rows: peak(rows).per_second),
    Target("p99 at half the peak, open loop, ms", 10, False, ("half_peak",), lambda rows: rows["half_peak"].p99),
    Target("CPU on kept connections, TLS / plain, same rate", 1.15, False, *_pair("kept_even", "kept_even_tls")),
    Target("chat deliveries a second and core", 240_000, True, ("chat",),
           lambda rows: rows["chat"].more["deliveries a core"], -1),
    Target("p99 of the chat, ms", 50, False, ("chat",), lambda rows: rows["chat"].p99),
    Target("MiB of an edge with 10,000 idle clients", 400, False, ("chat_idle",),
           lambda rows: rows["chat_idle"].memory["edge"]),
    Target("joins a second", 1000, True, ("chat_idle",), lambda rows: rows["chat_idle"].per_second),
    Target("goodput at three times the peak / peak", 0.9, True, ("overload",),
           lambda rows: rows["overload"].per_second / rows["overload"].more["peak just before"]),
    Target("p99 of what is accepted then, ms", 250, False, ("overload",), lambda rows: rows["overload"].p99),
    Target("p99 of refusals then, ms", 250, False, ("refusals",), lambda rows: rows["refusals"].p99),
    Target("CPU of a read, 4 workers / 1 worker, same rate", 1.15, False, *_pair("workers_even_1", "workers_even_4")),
    Target("CPU of a read, 10,000 players / 1,000, same rate", 1.15, False,
           *_pair("players_even_1k", "players_even_10k")),
    *(Target(f"CPU of {what} / 20 items", 1.5, False, (name, "reads_32"), _beside_reads(name))
      for name, what in LISTS.items()),
    Target("word filter, 100 characters, us", 20, False, ("word_filter",),
           lambda rows: max(rows["word_filter"].more.values()), 1),
)


def verdicts(rows: Rows, limits: Limits, reference_floor: float) -> list[Verdict]:
    """Judge the targets for which there are figures."""
    ratio = reference.ratio(rows, reference_floor)
    return [_verdict(target, rows, limits, ratio) for target in TARGETS if all(name in rows for name in target.needs)]


def _verdict(target: Target, rows: Rows, limits: Limits, ratio: float | None) -> Verdict:
    value = target.found(rows)
    scaled = target.scaled(value, ratio)
    return Verdict(target.text, ">=" if target.at_least else "<=", target.limit, value, target.met(value), scaled,
                   None if scaled is None else target.met(scaled), _doubts(target, rows, limits))


def _doubts(target: Target, rows: Rows, limits: Limits) -> tuple[str, ...]:
    names = [name for name in target.needs if target.needs != READS or rows[name] is peak(rows)]
    return tuple(f"{name}: {mark}" for name in names for mark in doubts(rows[name], limits))
