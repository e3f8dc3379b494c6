"""The rehearsals on pods of the manifests: what is common to them, and the update of every Deployment, pod by pod."""

import random
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import gevent

from apps.local.processes import StartError
from tests.faults.cases import Case
from tests.faults.deploys import DeployCrowd
from tests.faults.examiner import Examiner
from tests.faults.load import Load
from tests.faults.people import recruit
from tests.faults.report import Result
from tests.faults.rollout_cluster import Cluster, cluster
from tests.faults.rollout_plan import Strategy
from tests.faults.rollout_pod import RunningPod
from tests.faults.rollout_report import DETAIL
from tests.faults.rollout_talk import Party
from tests.faults.rollout_tally import Row, ServersRow, StrictTally
from tests.faults.stage import Ground
from tests.support.waiting import wait_for

TALKERS = 6
THINK_SECONDS = 0.15
"""Several times as long as in the other cases: the machine has to start processes meanwhile, and to be fast enough."""
LEAD_SECONDS = 1.0
ROLL_SECONDS = 180.0
POLL_SECONDS = 0.1
CONTINUOUS = ("read", "write", "mail", "chat")
"""What players do all the time; a chat session begins only when its edge has left."""


def rehearse(case: Case, folder: Path, actors: int, seed: int) -> Result:
    """Play the update of all Deployments on a system of its own. Does not raise what a broken system causes."""
    return on_cluster(case, folder, DeploymentsRehearsal, actors, seed)


def on_cluster(case: Case, folder: Path, kind: "type[Rehearsal]", actors: int, seed: int) -> Result:
    """Play a kind of rehearsal. Does not raise what a broken system causes."""
    begun, result = monotonic(), Result(case.name, case.title)
    try:
        with cluster(folder / case.name, servers=kind.servers) as (running, ground):
            kind(running, ground, actors, seed, result).play()
    except (AssertionError, OSError, StartError, gevent.Timeout) as error:
        result.problems.append(f"{type(error).__name__}: {error}"[:500])
    result.seconds = monotonic() - begun
    return result


class Rehearsal:
    """One rehearsal, whose outcome goes into a result."""

    servers = False
    """Whether NATS and Redis are those of production."""
    detail: str
    """Where the details of the result have the rows."""
    may_lose_chat = False
    """Whether a message may be lost on its way, which is then told in the rows."""

    def __init__(self, running: Cluster, ground: Ground, actors: int, seed: int, result: Result) -> None:
        self._cluster = running
        self._ground = ground
        self._result = result
        self._random = random.Random(seed)
        self._cast = recruit(ground.gates, actors, TALKERS)
        self._tally = StrictTally(monotonic)
        self._load = Load(self._cast, ground.gates, self._tally, seed)
        self._party = Party(self._cast.talkers, ground.gates, ground.edges[0], self._tally)

    @abstractmethod
    def _steps(self) -> Sequence[Row | ServersRow]:
        """Do what is rehearsed, and return what each step cost."""

    def play(self) -> None:
        """Rehearse under load, then examine what is left."""
        try:
            self._party.start()
            self._load.start(think=THINK_SECONDS)
            gevent.sleep(LEAD_SECONDS)
            rows = self._steps()
            gevent.sleep(LEAD_SECONDS)
        finally:
            try:
                self._load.stop()
            finally:
                self._result.problems += self._party.stop()
                self._result.problems += [] if self.may_lose_chat else self._party.unheard
        self._result.problems += Examiner(self._ground, self._cast, self._random).examine()
        self._count(rows)

    def _count(self, rows: Sequence[Row | ServersRow]) -> None:
        tally, result = self._tally, self._result
        gaps = {kind: gap for kind, gap in tally.gaps().items() if kind in CONTINUOUS}
        result.requests, result.refused, result.retried = tally.requests, tally.refused, tally.retried
        result.failed, result.recovery, result.longest = tally.failed, max(gaps.values()), tally.longest
        result.problems += [*(text for row in rows for text in row.problems), *tally.wrong, *self._cluster.problems]
        outside = len(tally.errors) - sum(len(row.errors) for row in rows)
        if outside:
            result.problems.append(f"{outside} requests failed before or after the updates: {tally.errors}"[:300])
        result.notes.append(self._party.summary)
        result.details |= {self.detail: [row.facts for row in rows], "gaps": gaps, "errors": tally.errors[:100]}


class DeploymentsRehearsal(Rehearsal):
    """Every Deployment is updated, one after the other, while a crowd keeps the system busy."""

    detail = DETAIL

    def _steps(self) -> Sequence[Row]:
        crowd = DeployCrowd(self._cluster, self._ground, self._result)
        with crowd.asking():
            self._tally.errors.clear()  # to measure the capacity is to ask too much
            return [crowd.during(app, self._measure) for app in self._cluster.deployments]

    def _measure(self, app: str) -> Row:
        running, tally, begun = self._cluster, self._tally, monotonic()
        requests, errors, refused, reset = len(tally.times), len(tally.errors), running.refused, running.reset
        left = roll(running, app)
        return Row(deployment=app, pods=len(left), seconds=monotonic() - begun, times=tally.times[requests:],
                   errors=tally.errors[errors:], refused=list((running.refused - refused).elements()),
                   reset=list((running.reset - reset).elements()), kills=sum(pod.killed for pod in left))


def roll(running: Cluster, app: str) -> list[RunningPod]:
    """Replace all pods of a Deployment as its strategy says; return those that have left. Raises AssertionError."""
    strategy, old, new = Strategy.of(running.deployments[app]), running.serving(app), list[RunningPod]()
    left: list[RunningPod] = []
    with gevent.Timeout(ROLL_SECONDS, AssertionError(f"{app} is not rolled within {ROLL_SECONDS:g} s")):
        while old or len(new) < strategy.replicas or not all(pod.ready for pod in new):
            for _ in range(strategy.to_end(len(old), sum(pod.ready for pod in (*old, *new)))):
                left.append(old.pop(0))
                left[-1].end()
            new += [running.add(app) for _ in range(strategy.to_start(len(old), len(new)))]
            assert not any(pod.problems for pod in new), [text for pod in new for text in pod.problems]
            gevent.sleep(POLL_SECONDS)
        wait_for(lambda: all(pod.ended for pod in left) and running.is_settled(app), ROLL_SECONDS, f"{app} to settle")
    return left
