"""Callers of a service that does not answer."""

import pytest

from common.breaker import Breaker

PATIENCE = 0.5
TRIES = 2


class Service:
    """A breaker with a clock that stands still."""

    def __init__(self) -> None:
        self.now = 100.0
        self.breaker = Breaker(patience=PATIENCE, tries=TRIES, clock=lambda: self.now)

    def enter(self, count: int) -> list[int]:
        return [self.breaker.enter() for _ in range(count)]

    def leave(self, *numbers: int, answered: bool) -> None:
        for number in numbers:
            self.breaker.leave(number, answered=answered)


@pytest.fixture
def service() -> Service:
    return Service()


def test_any_number_may_call_a_service_that_answers(service: Service) -> None:
    for _ in range(100):
        assert service.breaker.admits()
        [first, *_] = service.enter(10)
        service.now += PATIENCE / 2
        service.leave(first, answered=True)


def test_few_wait_for_one_that_is_mute(service: Service) -> None:
    service.enter(10)
    service.now += PATIENCE - 0.01
    assert service.breaker.admits()
    service.now += 0.01
    assert not service.breaker.admits()


def test_who_is_alone_may_wait_for_a_slow_one(service: Service) -> None:
    service.enter(TRIES - 1)
    service.now += 60
    assert service.breaker.admits()


def test_one_answer_opens_it_for_all(service: Service) -> None:
    first, *_ = service.enter(10)
    service.now += 60
    service.leave(first, answered=True)
    assert service.breaker.admits()


def test_it_stays_mute_when_all_have_given_up(service: Service) -> None:
    numbers = service.enter(10)
    service.now += PATIENCE
    service.leave(*numbers, answered=False)
    for _ in range(TRIES):
        assert service.breaker.admits()
        service.enter(1)
    assert not service.breaker.admits()
    service.leave(11, answered=True)
    service.enter(10)
    assert service.breaker.admits()


def test_a_failure_beside_answers_says_nothing(service: Service) -> None:
    first, second, *_ = service.enter(10)
    service.leave(first, answered=True)
    service.leave(second, answered=False)
    assert service.breaker.admits()
