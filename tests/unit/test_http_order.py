"""Whose turn it is among equal servers."""

from common.http_order import Order


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_members_take_turns() -> None:
    order = Order("abc", rest=3, clock=Clock())
    assert ["".join(order.next()) for _ in range(4)] == ["abc", "bca", "cab", "abc"]


def test_a_member_that_failed_is_last_until_it_works() -> None:
    order = Order("abc", rest=3, clock=Clock())
    order.failed("b")
    assert [order.next()[-1] for _ in range(3)] == ["b", "b", "b"]
    order.worked("b")
    assert {order.next()[0] for _ in range(3)} == {"a", "b", "c"}


def test_after_its_rest_one_call_tries_a_member() -> None:
    clock = Clock()
    order = Order("ab", rest=3, clock=clock)
    order.failed("a")
    clock.now += 3
    assert [order.next()[0] for _ in range(4)].count("a") == 1


def test_when_all_have_failed_all_are_still_asked() -> None:
    order = Order("ab", rest=3, clock=Clock())
    order.failed("a")
    order.failed("b")
    assert sorted(order.next()) == ["a", "b"]
