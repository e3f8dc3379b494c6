"""How many requests may wait follows from what is answered."""

import itertools

import gevent
import pytest

from apps.gate.congestion import (
    CROWD,
    INTERVAL,
    MEMORY_SECONDS,
    SMALL_CROWD,
    STUCK_SECONDS,
    WARNING_SECONDS,
    Congestion,
)
from apps.gate.pending import PendingAnswers
from apps.gate.shares import Shares
from common.token_bucket import Rates

LIMIT = 500
SECONDS = 0.2


class Traffic:
    """Requests that come, and are answered in turn."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pending = PendingAnswers(limit=LIMIT, seconds=10, clock=lambda: self.now, spawn=gevent.spawn)
        self.shares = Shares(Rates(1000, 1000, 10, lambda: self.now), 0.5, LIMIT)
        self.congestion = Congestion(self.pending, self.shares, seconds=SECONDS, spawn=gevent.spawn,
                                     clock=lambda: self.now)
        self._numbers = itertools.count()
        self._waiting: list[str] = []

    def come(self, number: int) -> int:
        """Let requests come; return how many are let in."""
        for count in range(number):
            if not self.congestion.has_room_for(1):
                return count
            self._waiting.append(str(next(self._numbers)))
            self.pending.add(self._waiting[-1], lambda: False)
        return number

    def answer(self, number: int) -> None:
        for message_id in self._waiting[:number]:
            assert self.pending.answer(message_id, b"")
        del self._waiting[:number]

    def run(self, seconds: float, *, coming: int, answered: int) -> float:
        """Let so many a second come and be answered; return how many of those who came were let in, as a part."""
        admitted, steps = 0, round(seconds / INTERVAL)
        for _ in range(steps):
            admitted += self.come(round(coming * INTERVAL))
            self.answer(round(answered * INTERVAL))
            self.now += INTERVAL
            self.congestion.look()
        return admitted / (steps * round(coming * INTERVAL))


def test_a_burst_after_a_quiet_time_is_let_in() -> None:
    traffic = Traffic()
    traffic.run(1, coming=40, answered=40)
    assert traffic.come(LIMIT - 100) == LIMIT - 100
    traffic.now += INTERVAL
    traffic.congestion.look()
    assert traffic.come(101) == 100


@pytest.mark.parametrize("capacity", [400, 1000, 2000])
def test_beyond_capacity_the_wait_stays_short_and_nobody_idles(capacity: int) -> None:
    traffic = Traffic()
    traffic.run(3, coming=3 * capacity, answered=capacity)
    admitted = traffic.run(2, coming=3 * capacity, answered=capacity)
    assert admitted == pytest.approx(1 / 3, rel=0.05)
    assert len(traffic.pending) / capacity == pytest.approx(SECONDS, rel=0.5)


def test_a_crowd_that_thins_out_for_a_moment_is_not_let_in_as_a_burst() -> None:
    traffic = Traffic()
    traffic.run(3, coming=3000, answered=1000)
    traffic.answer(len(traffic.pending) - CROWD // 4)
    traffic.now += INTERVAL
    traffic.congestion.look()
    assert traffic.come(LIMIT) < 1000 * SECONDS * 1.5


def test_a_crowd_that_may_not_grow_is_not_forgotten() -> None:
    traffic = Traffic()
    traffic.run(1, coming=600, answered=200)
    for _ in range(50):
        traffic.run(INTERVAL, coming=600, answered=200)
        assert len(traffic.pending) <= CROWD


def test_a_crowd_is_forgotten_after_a_while() -> None:
    traffic = Traffic()
    traffic.run(3, coming=3000, answered=1000)
    traffic.run(MEMORY_SECONDS + 0.5, coming=40, answered=1000)
    assert traffic.come(LIMIT - 1) == LIMIT - 1


def test_below_capacity_nobody_is_turned_away() -> None:
    assert Traffic().run(3, coming=1000, answered=1000) == 1


def test_requests_that_are_stuck_keep_nobody_out() -> None:
    traffic = Traffic()
    assert traffic.come(200) == 200
    traffic.now += STUCK_SECONDS + 0.1
    del traffic._waiting[:]  # these get no answer
    assert traffic.run(3, coming=400, answered=400) == 1


def test_what_nobody_answers_does_not_pile_up() -> None:
    traffic = Traffic()
    traffic.run(0.4, coming=1000, answered=0)
    assert CROWD <= len(traffic.pending) < 4 * CROWD


def test_while_workers_turn_requests_back_a_small_crowd_counts() -> None:
    traffic = Traffic()
    traffic.run(1, coming=400, answered=100)
    assert len(traffic.pending) == pytest.approx(CROWD, abs=10)
    for _ in range(10):
        traffic.come(1)
        traffic.pending.turn_back(traffic._waiting.pop(), b"")
        traffic.run(0.1, coming=400, answered=100)
    assert len(traffic.pending) == pytest.approx(max(SMALL_CROWD, 100 * SECONDS), abs=10)
    traffic.run(WARNING_SECONDS + 1, coming=400, answered=100)
    assert len(traffic.pending) == pytest.approx(CROWD, abs=10)


def test_what_one_address_has_beyond_its_share_leaves_room_for_others() -> None:
    traffic = Traffic()
    for _ in range(LIMIT // 2):
        traffic.shares.begin("a")
        traffic.come(1)
    for _ in range(10):  # nobody is answered, so there is room for a crowd only
        traffic.now += INTERVAL
        traffic.congestion.look()
    assert traffic.come(LIMIT) == CROWD - CROWD // 2
