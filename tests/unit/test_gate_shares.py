"""The share of an address: its rate, and its part of what may wait."""

from apps.gate.shares import Shares
from common.token_bucket import Rates

ROOM = 10


def shares(rate: float = 1, burst: float = 3, part: float = 0.5) -> Shares:
    return Shares(Rates(rate, burst, 10, lambda: 100.0), part, ROOM)


def calm() -> str:
    return ""


def test_beyond_the_rate_of_an_address() -> None:
    both = shares()
    for _ in range(3):
        assert both.refusal("a") == ""
        both.count("a")
    assert (both.refusal("a"), both.refusal("b")) == ("rate", "")


def test_the_first_request_of_a_connection_was_counted_when_it_was_admitted() -> None:
    both = shares()
    both.count("a")
    visitor = both.visitor("a", calm)
    assert [visitor.refusal() for _ in range(4)] == ["", "", "", "rate"]


def test_further_requests_of_a_connection_find_a_crowd_too() -> None:
    both = shares(burst=100)
    visitor = both.visitor("a", lambda: "pending")
    assert [visitor.refusal() for _ in range(3)] == ["", "pending", "pending"]


def test_beyond_the_part_of_what_may_wait() -> None:
    both = shares(burst=100)
    for _ in range(5):
        both.begin("a")
    assert (both.refusal("a"), both.visitor("a", calm).refusal(), both.refusal("b")) == ("share", "share", "")
    both.end("a")
    assert both.refusal("a") == ""


def test_what_waits_beyond_a_part_that_became_smaller() -> None:
    both = shares()
    for address in "aaaabb":
        both.begin(address)
    assert (both.resize(ROOM), both.resize(6), both.resize(2)) == (0, 1, 4)


def test_one_request_may_always_wait() -> None:
    both = shares()
    both.resize(0)
    assert both.refusal("a") == ""


def test_without_a_rate_one_address_may_have_everything() -> None:
    for both in (shares(rate=0), shares(part=1)):
        for _ in range(ROOM):
            both.begin("a")
        assert both.refusal("a") == ""
        assert both.resize(2) == 0


def test_nothing_is_kept_of_those_who_wait_no_more() -> None:
    both = shares()
    both.begin("a")
    both.end("a")
    both.refusal("b")
    assert not both._waiting
