from collections.abc import Sequence

import gevent
import pytest
from gevent.event import Event

from common.batcher import Batcher
from tests.support.waiting import wait_for


class Desk:
    """Doubles numbers, batch by batch, as fast as it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = Event()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        self.open.wait(5)
        return [2 * number for number in numbers]


def test_one_item_goes_at_once() -> None:
    desk = Desk()
    desk.open.set()
    batcher = Batcher(desk, lanes=2, most=10, patience=1)
    assert [batcher.call(1), batcher.call(2)] == [2, 4]
    assert desk.batches == [[1], [2]]


def test_what_comes_meanwhile_goes_together() -> None:
    desk = Desk()
    batcher = Batcher(desk, lanes=2, most=3, patience=1)
    calls = []
    for number in range(9):
        calls.append(gevent.spawn(batcher.call, number))
        gevent.sleep(0)
        gevent.sleep(0)
    desk.open.set()
    gevent.joinall(calls, timeout=5)
    assert [call.get() for call in calls] == [2 * number for number in range(9)]
    assert desk.batches == [[0], [1, 2, 3], [4, 5, 6], [7, 8]]


def test_a_batch_that_hangs_does_not_hold_up_the_others() -> None:
    desk = Desk()
    batcher = Batcher(desk, lanes=3, most=10, patience=0.02)
    calls = [gevent.spawn(batcher.call, 0)]
    gevent.sleep(0.005)
    calls += [gevent.spawn(batcher.call, number) for number in (1, 2)]
    wait_for(lambda: desk.batches == [[0], [1, 2]])
    calls += [gevent.spawn(batcher.call, number) for number in range(3, 15)]
    wait_for(lambda: desk.batches[2:] == [list(range(3, 13))])
    gevent.sleep(0.1)
    assert len(desk.batches) == 3  # no more lanes than there may be
    desk.open.set()
    gevent.joinall(calls, timeout=5)
    assert [call.get() for call in calls] == [2 * number for number in range(15)]
    assert desk.batches[3:] == [[13, 14]]


def test_an_error_meets_its_batch_and_no_other() -> None:
    def work(numbers: Sequence[int]) -> list[int]:
        if 0 in numbers:
            raise ValueError("zero")
        return list(numbers)

    batcher = Batcher(work, lanes=1, most=2, patience=1)
    calls = [gevent.spawn(caught, batcher, number) for number in (0, 1, 2)]
    gevent.joinall(calls, timeout=5)
    assert [call.get() for call in calls] == ["zero", "zero", 2]
    assert batcher.call(3) == 3


def test_a_batch_without_all_its_results_is_an_error() -> None:
    batcher: Batcher[int, int] = Batcher(lambda numbers: [], lanes=1, most=2, patience=1)
    with pytest.raises(ValueError, match="shorter"):
        batcher.call(1)


def test_a_caller_that_gives_up_leaves_the_others_alone() -> None:
    desk = Desk()
    batcher = Batcher(desk, lanes=1, most=1, patience=1)
    calls = [gevent.spawn(batcher.call, number) for number in (1, 2)]
    gevent.sleep(0)
    calls[0].kill()
    desk.open.set()
    assert calls[1].get(timeout=5) == 4


def caught(batcher: Batcher[int, int], number: int) -> object:
    try:
        return batcher.call(number)
    except ValueError as error:
        return str(error)
