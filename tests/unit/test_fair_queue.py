"""The queue of a pool serves in turn and loses nothing."""

from queue import Empty, Full

import gevent
import pytest

from common.fair_queue import FairQueue


def test_the_newest_item_is_taken_first() -> None:
    queue = FairQueue[str](2)
    queue.put("a")
    queue.put("b")
    with pytest.raises(Full):
        queue.put("c", block=False)
    assert [queue.get(), queue.get(), queue.qsize()] == ["b", "a", 0]
    with pytest.raises(Empty):
        queue.get(block=False)
    with pytest.raises(Empty):
        queue.get(timeout=0.01)


def test_who_waits_longest_is_served_first() -> None:
    queue = FairQueue[str](1)
    queue.put("item")
    order: list[int] = []

    def work(number: int) -> None:
        for _ in range(3):
            item = queue.get(timeout=2)
            order.append(number)
            gevent.sleep(0)
            queue.put(item)

    gevent.joinall([gevent.spawn(work, number) for number in range(4)], raise_error=True)
    assert order == [0, 1, 2, 3] * 3
    assert queue.qsize() == 1


def test_an_item_given_to_somebody_who_leaves_is_not_lost() -> None:
    queue = FairQueue[str](1)
    leaving = gevent.spawn(queue.get)
    staying = gevent.spawn(queue.get)
    gevent.sleep(0)
    leaving.kill(block=False)  # dies when it gets its next turn,
    queue.put("item")  # and is given this before
    assert staying.get(timeout=1) == "item"


def test_somebody_who_gave_up_is_given_nothing() -> None:
    queue = FairQueue[str](1)
    with pytest.raises(Empty):
        queue.get(timeout=0.01)
    queue.put("item")
    assert queue.get() == "item"
