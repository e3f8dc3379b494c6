"""How many jobs a worker takes at once: fewer while even its quickest jobs take long. Pure.

A fixed number cannot tell: 64 jobs that wait for a slow service cost nothing, 64 that wait for the same processor make
each other slow. What tells them apart are the quick jobs. While they are quick, whoever is slow waits for something
else, and is in nobody's way. When they take long too, everything waits in one queue, wherever that stands: in this
process, in the database or for the processor. Then only as many may be here as get done in half the time that a quick
job may take, which is Little's law; later a few more, again and again, until the quick ones take long or all are let
in. The quickest tenth is looked at, and not the one quickest job, which may be one that was refused for its token. A
worker that has just started is slow because everything is new to it, and learns nothing from that.
"""

import itertools
from dataclasses import dataclass

from common.metrics import Gauge

ROOM = Gauge("worker_room", "Jobs that may be here before new ones are refused")

QUICKEST = 10
"""One in so many jobs has to be quick."""
SLOW_GROWTH, GROWTH = 1.03, 1.1
"""By how much there is more room after each interval without such a queue, the first if somebody was refused in it."""
MOST_GROWN = 100
"""Intervals of growth that count after a long time without a job."""


@dataclass(frozen=True)
class AdmissionRules:
    """From ``least`` to ``most`` jobs may be here at once."""

    least: int
    most: int
    quick: float
    """Seconds that a quick job takes at most."""
    interval: float
    """Seconds between two looks."""
    cold: float
    """Seconds from the start in which nothing is learned."""
    stuck: float
    """Age in seconds of a job that waits for something else than its turn, and so does not count."""


class Admission:
    """Counts the jobs of a worker. Every time ``now`` is in seconds of one clock that never goes back."""

    def __init__(self, rules: AdmissionRules, now: float) -> None:
        self._rules = rules
        self._room = float(rules.most)
        self._numbers = itertools.count()
        self._since: dict[int, float] = {}
        self._looked = now + rules.cold
        self._took: list[float] = []
        self._crowd = 0
        self._refused = False

    @property
    def room(self) -> int:
        """How many jobs may be here that are not stuck."""
        return int(self._room)

    def has_room(self, now: float) -> bool:
        """Whether one more job may come."""
        if now - self._looked >= self._rules.interval:
            self._look(now)
        found = len(self._since) < self.room or self._present(now) < self.room
        self._refused |= not found
        return found

    def begin(self, now: float) -> int:
        """Count a job that is here from now on; return its number."""
        number = next(self._numbers)
        self._since[number] = now
        self._crowd = max(self._crowd, len(self._since))
        return number

    def end(self, number: int, now: float) -> None:
        """Count a job that is done."""
        since = self._since.pop(number)
        if now >= self._looked:  # not cold any more
            self._took.append(now - since)

    def _present(self, now: float) -> int:
        """Return how many are here that are not stuck; the first of all are the oldest."""
        latest = now - self._rules.stuck
        stuck = itertools.takewhile(lambda since: since <= latest, self._since.values())
        return len(self._since) - sum(1 for _ in stuck)

    def _look(self, now: float) -> None:
        passed = now - self._looked
        if self._is_standing():
            self._room = max(self._rules.least, min(self._room, len(self._took) / passed * self._rules.quick / 2))
        else:
            growth = SLOW_GROWTH if self._refused else GROWTH
            self._room = min(self._rules.most, self._room * growth ** min(MOST_GROWN, passed / self._rules.interval))
        self._looked, self._took, self._crowd, self._refused = now, [], len(self._since), False

    def _is_standing(self) -> bool:
        """Whether there were many, and hardly one of those that are done was quick."""
        quick = sum(took <= self._rules.quick for took in self._took)
        return self._crowd > self._rules.least and bool(self._took) and quick * QUICKEST < len(self._took)
