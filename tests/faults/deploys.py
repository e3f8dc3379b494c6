"""A crowd that asks at a good part of the capacity while Deployments are replaced: not one of its requests may fail."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TypeVar

import gevent

from apps.client.gate import Address
from tests.faults import crowd_check
from tests.faults.crowd import Asking, Crowd, Outcome
from tests.faults.report import Result
from tests.faults.rollout_cluster import Cluster
from tests.faults.stage import Ground

WARM_UP_SECONDS = 6.0
CAPACITY_SECONDS = 3.0
LOAD = 0.4
"""Part of the capacity at which the crowd asks. Here the pods that start take the cores that the others work on, which
in a cluster have room of their own: with 0.6 of it some requests are refused while they do."""
REST_SECONDS = 5.0
"""After the capacity was measured, until gates let in what they do in a quiet time."""
POLL_SECONDS = 0.05
T = TypeVar("T")


@dataclass(frozen=True)
class Span:
    """When a Deployment was replaced, in seconds of ``monotonic``."""

    app: str
    begin: float
    end: float


@dataclass
class DeployCrowd:
    """The crowd of one rehearsal. As in a cluster, its connections lead to the pods of the gate themselves."""

    cluster: Cluster
    ground: Ground
    result: Result
    spans: list[Span] = field(default_factory=list)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Measure the capacity, then ask at a part of it, and say in the result what came of it."""
        address = self.cluster.address("auth")
        crowd = Crowd(replace(self.ground, gates=self._gates()), f"http://{address.host}:{address.port}")
        first, capacity = crowd.capacity(WARM_UP_SECONDS), crowd.capacity(CAPACITY_SECONDS)
        gevent.sleep(REST_SECONDS)
        with crowd.asking(LOAD * capacity.per_second) as asking:
            following = gevent.spawn(self._follow, asking)
            try:
                yield
            finally:
                following.kill()
            outcome = asking.end()
        self._tell(capacity, outcome)
        self.result.problems += crowd_check.problems([first, capacity, outcome], self.ground.database_url,
                                                     self.cluster.claims)

    def during(self, app: str, work: Callable[[str], T]) -> T:
        """Replace a Deployment, and remember when that was."""
        begin = monotonic()
        try:
            return work(app)
        finally:
            self.spans.append(Span(app, begin, monotonic()))

    def _gates(self) -> list[Address]:
        return [Address(*place) for place in self.cluster.places("gate")]

    def _follow(self, asking: Asking) -> None:
        """What the Service of the gate knows of its pods, every node knows."""
        known = self._gates()
        while True:
            gevent.sleep(POLL_SECONDS)
            if (now := self._gates()) != known and now:
                asking.lead_to(now)
                known = now

    def _tell(self, capacity: Outcome, outcome: Outcome) -> None:
        times = outcome.milliseconds(99)
        self.result.problems += failures(outcome.failures, self.spans)
        self.result.notes.append(f"a crowd asked {outcome.tally.outcomes.total()} times, at {LOAD:.0%} of "
                                 f"{capacity.per_second:.0f}/s, {outcome.resent} of them sent again")
        self.result.notes.append(f"crowd p99 {times['accepted']} ms, itself late by {times['late']} ms")


def failures(failed: Sequence[tuple[float, str]], spans: Sequence[Span]) -> list[str]:
    """Describe requests (when, how) that failed, by the Deployment that was replaced then."""
    found: dict[str, list[str]] = {}
    for moment, how in failed:
        app = next((span.app for span in spans if span.begin <= moment <= span.end), "no Deployment")
        found.setdefault(app, []).append(how)
    return [f"crowd: {len(hows)} requests failed while {app} was replaced: {', '.join(sorted(set(hows)))}"
            for app, hows in found.items()]
