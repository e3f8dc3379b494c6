"""Rates: a burst, then so many a second, each on its own."""

from common.token_bucket import Rates


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    rates = Rates(2, 3, 10, clock)
    assert [rates.take("a") for _ in range(4)] == [True, True, True, False]
    clock.now += 0.5
    assert [rates.take("a") for _ in range(2)] == [True, False]
    clock.now += 1000
    assert [rates.take("a") for _ in range(4)] == [True, True, True, False]


def test_asking_counts_nothing() -> None:
    clock = Clock()
    rates = Rates(1, 1, 10, clock)
    assert [rates.has("a"), rates.has("a"), rates.take("a"), rates.has("a")] == [True, True, True, False]
    clock.now += 1
    assert rates.has("a")
    assert Rates(0, 0, 10, clock).has("a")


def test_one_does_not_use_up_what_belongs_to_another() -> None:
    rates = Rates(1, 1, 10, Clock())
    assert (rates.take("a"), rates.take("a"), rates.take("b")) == (True, False, True)


def test_no_rate_is_no_limit() -> None:
    rates = Rates(0, 0, 10, Clock())
    assert all(rates.take("a") for _ in range(1000))


def test_only_so_many_are_remembered() -> None:
    rates = Rates(1, 1, 2, Clock())
    assert rates.take("a")
    assert rates.take("b")
    assert rates.take("c")
    assert not rates.take("c")
    assert rates.take("a")  # forgotten, so it begins anew


def test_what_has_happened_is_owed_up_to_a_burst() -> None:
    clock = Clock()
    rates = Rates(1, 2, 10, clock)
    for _ in range(10):
        rates.charge("a")
    clock.now += 2.5
    assert not rates.has("a")
    clock.now += 0.5
    assert [rates.take("a"), rates.take("a")] == [True, False]
    Rates(0, 0, 10, clock).charge("a")


def test_how_long_it_takes_until_a_whole_burst_is_within_the_rate_again() -> None:
    clock = Clock()
    rates = Rates(2, 4, 10, clock)
    assert rates.full_in("a") == 0
    for _ in range(6):
        rates.charge("a")
    assert rates.full_in("a") == 3
    clock.now += 1
    assert (rates.full_in("a"), rates.full_in("b"), Rates(0, 0, 10, clock).full_in("a")) == (2, 0, 0)
    clock.now += rates.full_in("a")
    assert [rates.take("a") for _ in range(5)] == [True] * 4 + [False]
