"""Callers of a service that does not answer."""

from collections.abc import Iterator

import gevent
import pytest
from gevent.event import AsyncResult

from common.breaker import Breaker, MuteError

PATIENCE = 0.5
TRIES = 2


class Service:
    """A service whose callers wait until the test answers, and a clock that stands still."""

    def __init__(self) -> None:
        self.now = 100.0
        self.breaker = Breaker(patience=PATIENCE, tries=TRIES, clock=lambda: self.now)
        self.waiting: list[AsyncResult[str]] = []
        self.callers: list[gevent.Greenlet[..., str]] = []

    def enter(self, count: int, *, always: bool = False) -> None:
        """Let callers wait for an answer."""
        self.callers += [gevent.spawn(self.breaker.call, self._wait, always=always) for _ in range(count)]
        gevent.sleep(0)

    def answer(self) -> None:
        self.waiting.pop(0).set("here")
        gevent.sleep(0)
        gevent.sleep(0)

    def give_up(self) -> None:
        while self.waiting:
            self.waiting.pop().set_exception(TimeoutError())
        gevent.joinall(self.callers, timeout=5)

    def _wait(self) -> str:
        answer: AsyncResult[str] = AsyncResult()
        self.waiting.append(answer)
        return str(answer.get())


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.give_up()


def test_any_number_may_call_a_service_that_answers(service: Service) -> None:
    for _ in range(20):
        assert service.breaker.admits()
        service.enter(3)
        service.now += PATIENCE / 2
        service.answer()


def test_few_wait_for_one_that_is_mute(service: Service) -> None:
    service.enter(10)
    service.now += PATIENCE - 0.01
    assert service.breaker.admits()
    service.now += 0.01
    assert not service.breaker.admits()
    with pytest.raises(MuteError):
        service.breaker.call(lambda: "not called")
    service.enter(1, always=True)
    assert len(service.waiting) == 11


def test_who_is_alone_may_wait_for_a_slow_one(service: Service) -> None:
    service.enter(TRIES - 1)
    service.now += 60
    assert service.breaker.admits()


def test_one_answer_opens_it_for_all(service: Service) -> None:
    service.enter(10)
    service.now += 60
    service.answer()
    assert service.callers[0].get() == "here"
    assert service.breaker.admits()


def test_it_stays_mute_when_all_have_given_up(service: Service) -> None:
    service.enter(10)
    service.now += PATIENCE
    service.give_up()
    for _ in range(TRIES):
        assert service.breaker.admits()
        service.enter(1)
    assert not service.breaker.admits()
    service.answer()
    service.enter(10)
    assert service.breaker.admits()


def test_a_failure_beside_answers_says_nothing(service: Service) -> None:
    service.enter(10)
    service.answer()
    service.give_up()
    service.enter(10)
    assert service.breaker.admits()


def test_who_is_ended_meanwhile_does_not_wait_any_more(service: Service) -> None:
    service.enter(TRIES)
    service.now += PATIENCE
    assert not service.breaker.admits()
    for caller in service.callers:
        caller.kill()
    assert service.breaker.admits()
