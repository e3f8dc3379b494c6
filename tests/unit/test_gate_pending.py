"""Requests that wait."""

import gevent
import pytest

from apps.gate.pending import Outcome, PendingAnswers, PendingFullError


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def stays() -> bool:
    return False


def waiting(clock: Clock, limit: int = 10) -> PendingAnswers:
    return PendingAnswers(limit=limit, seconds=12, clock=clock, spawn=gevent.spawn)


def test_an_answer_reaches_its_waiter_once() -> None:
    pending = waiting(Clock())
    result = pending.add("a", stays)
    other = pending.add("b", stays)
    assert pending.resolve("a", b"answer")
    assert not pending.resolve("a", b"again")
    assert not pending.resolve("unknown", b"forged")
    assert result.get(timeout=1) == b"answer"
    assert not other.ready()
    assert len(pending) == 1


def test_requests_over_the_limit_are_refused_until_there_is_room() -> None:
    pending = waiting(Clock(), limit=1)
    pending.add("a", stays)
    with pytest.raises(PendingFullError):
        pending.add("b", stays)
    pending.forget("a")
    pending.add("b", stays)


def test_forgetting_twice_is_harmless() -> None:
    pending = waiting(Clock())
    pending.add("a", stays)
    pending.forget("a")
    pending.forget("a")
    assert not pending.resolve("a", b"late")


def test_only_those_whose_time_is_over_expire() -> None:
    clock = Clock()
    pending = waiting(clock)
    early = pending.add("early", stays)
    clock.now += 5
    late = pending.add("late", stays)
    clock.now += 7
    pending.expire()
    assert early.get(timeout=1) is Outcome.TIMED_OUT
    assert not late.ready()
    clock.now += 5
    pending.expire()
    assert late.get(timeout=1) is Outcome.TIMED_OUT
    assert not pending.resolve("late", b"too late")


def test_the_loop_expires_by_itself() -> None:
    clock = Clock()
    pending = waiting(clock)
    pending.start()
    result = pending.add("a", stays)
    clock.now += 13
    assert result.get(timeout=2) is Outcome.TIMED_OUT
    pending.stop()


def test_only_those_who_wait_long_are_asked_whether_they_are_gone() -> None:
    clock = Clock()
    pending = waiting(clock)
    gone = pending.add("gone", lambda: True)
    clock.now += 1
    here = pending.add("here", lambda: True)
    pending.drop_gone()
    assert gone.get(timeout=1) is Outcome.CLIENT_GONE
    assert not here.ready()


def test_those_who_stay_go_on_waiting() -> None:
    clock = Clock()
    pending = waiting(clock)
    result = pending.add("a", lambda: False)
    clock.now += 5
    pending.drop_gone()
    assert not result.ready()
    assert pending.resolve("a", b"answer")
