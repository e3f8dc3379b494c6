"""The rate limit of a client, with a clock that stands still until it is moved."""

from apps.edge.allowance import FLOOD, Allowance, Verdict
from common.token_bucket import TokenBucket


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3, now=0)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(0.4)
    assert bucket.take(0.6)
    assert not bucket.take(0.6)


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = TokenBucket(rate=1000, burst=2, now=0)
    assert [bucket.take(3600) for _ in range(3)] == [True, True, False]


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(rate=1, burst=1, now=100)
    assert bucket.take(100)
    assert not bucket.take(50)


def test_within_the_rate_everything_passes() -> None:
    clock = Clock()
    allowance = Allowance(10, 20, clock)
    for _ in range(1000):
        clock.now += 0.101
        assert allowance.judge() is Verdict.PASS


def test_above_the_rate_messages_are_dropped_and_far_above_the_client_goes() -> None:
    clock = Clock()
    allowance = Allowance(10, 20, clock)
    verdicts = [allowance.judge() for _ in range(20 * FLOOD + 1)]
    assert verdicts[:20] == [Verdict.PASS] * 20
    assert verdicts[20:-1] == [Verdict.DROP] * (20 * FLOOD - 20)
    assert verdicts[-1] is Verdict.CLOSE


def test_twice_the_rate_is_never_closed_and_half_of_it_passes() -> None:
    clock = Clock()
    allowance = Allowance(10, 20, clock)
    verdicts = []
    for _ in range(2000):
        clock.now += 0.05
        verdicts.append(allowance.judge())
    assert Verdict.CLOSE not in verdicts
    assert 1000 <= verdicts.count(Verdict.PASS) <= 1022
