"""Fewer jobs are let in while even the quickest take long."""

from dataclasses import replace

import pytest

from apps.worker.admission import Admission, AdmissionRules

RULES = AdmissionRules(least=12, most=320, quick=0.1, interval=0.25, cold=0, stuck=0.5)
STEP = 0.005


class Scene:
    """Jobs that share what ``capacity`` gets done a second, and others that wait for something else."""

    def __init__(self, cold: float = 0.0) -> None:
        self.now = 100.0
        self.admission = Admission(replace(RULES, cold=cold), self.now)
        self.took: list[float] = []
        self._working: dict[int, float] = {}
        """Number -> what is left to do of it."""
        self._waiting: dict[int, float] = {}
        """Number -> until when it waits."""
        self._begun: dict[int, float] = {}
        self._due = self._slow_due = self._ready = 0.0

    def come(self, seconds: float = 0.0) -> bool:
        """Let a job come: one that waits for so long, or one that has to be worked on. Return whether it is let in."""
        if not self.admission.has_room(self.now):
            return False
        number = self.admission.begin(self.now)
        self._begun[number] = self.now
        if seconds:
            self._waiting[number] = self.now + seconds
        else:
            self._working[number] = 1.0
        return True

    def run(self, seconds: float, *, coming: float, capacity: float, slow: float = 0.0, wait: float = 0.0) -> float:
        """Let so many a second come, of which as many as the ``capacity`` can be done, and ``slow`` ones that ``wait``.

        Returns the part of those that were let in.
        """
        tried = admitted = 0
        for _ in range(round(seconds / STEP)):
            self._due += coming * STEP
            self._slow_due += slow * STEP
            while self._due >= 1:
                self._due, tried, admitted = self._due - 1, tried + 1, admitted + self.come()
            while self._slow_due >= 1:
                self._slow_due, tried, admitted = self._slow_due - 1, tried + 1, admitted + self.come(wait)
            self._work(capacity * STEP)
        return admitted / max(1, tried)

    def _work(self, amount: float) -> None:
        """Give everyone the same part, as the processor and the database do."""
        self.now += STEP
        each = amount / max(1, len(self._working))
        self._working = {number: left - each for number, left in self._working.items()}
        for number in [number for number, left in self._working.items() if left <= 0]:
            del self._working[number]
            self._end(number)
        for number in [number for number, until in self._waiting.items() if until <= self.now]:
            del self._waiting[number]
            self._end(number)

    def _end(self, number: int) -> None:
        self.admission.end(number, self.now)
        self.took.append(self.now - self._begun.pop(number))


def test_a_burst_after_a_quiet_time_is_let_in() -> None:
    scene = Scene()
    scene.run(2, coming=20, capacity=400)
    assert sum(scene.come() for _ in range(RULES.most + 1)) == pytest.approx(RULES.most, abs=1)


def test_below_capacity_all_are_let_in() -> None:
    assert Scene().run(5, coming=350, capacity=400) == 1


@pytest.mark.parametrize("capacity", [100, 400, 1600])
def test_a_standing_queue_lowers_what_is_let_in_and_nobody_idles(capacity: float) -> None:
    scene = Scene()
    scene.run(4, coming=3 * capacity, capacity=capacity)
    scene.took.clear()
    admitted = scene.run(5, coming=3 * capacity, capacity=capacity)
    assert admitted == pytest.approx(1 / 3, rel=0.1)
    assert sorted(scene.took)[len(scene.took) * 99 // 100] < max(0.1, 3 * RULES.least / capacity)


def test_it_recovers() -> None:
    scene = Scene()
    scene.run(3, coming=1200, capacity=400)
    assert scene.admission.room < RULES.most / 4
    scene.run(10, coming=40, capacity=400)
    assert scene.admission.room == RULES.most


def test_a_slow_minority_keeps_nobody_out() -> None:
    scene = Scene()
    assert scene.run(5, coming=200, capacity=400, slow=50, wait=2.0) == 1
    assert scene.admission.room == RULES.most


def test_one_slow_job_now_and_then_is_no_queue() -> None:
    scene = Scene()
    scene.run(10, coming=0, capacity=1, slow=2, wait=1.0)
    assert scene.admission.room == RULES.most


def test_the_floor_holds_however_slow_all_are() -> None:
    scene = Scene()
    scene.run(10, coming=0, capacity=1, slow=100, wait=1.0)
    assert scene.admission.room == RULES.least
    assert len(scene._begun) > RULES.least  # those that are stuck keep nobody out


def test_a_worker_that_has_just_started_is_not_judged() -> None:
    scene = Scene(cold=3.0)
    scene.run(2.9, coming=0, capacity=1, slow=100, wait=1.0)
    assert scene.admission.room == RULES.most
    scene.run(2, coming=0, capacity=1, slow=100, wait=1.0)
    assert scene.admission.room == RULES.least


def test_nothing_is_known_while_nothing_is_done() -> None:
    scene = Scene()
    assert scene.run(2, coming=0, capacity=1, slow=100, wait=30.0) == 1
