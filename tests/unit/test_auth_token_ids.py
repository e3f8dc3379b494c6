"""Ids of tokens order them by issue."""

import itertools

import pytest

from apps.auth.token_ids import TokenIds, is_token_id, issue_time


def ids(*times: float, digits: str = "0123456789abcdef") -> TokenIds:
    clock = itertools.chain(times, itertools.repeat(times[-1]))
    return TokenIds(lambda: next(clock), lambda _: digits)


def test_the_form_of_an_id() -> None:
    token_id = ids(1_700_000_000.25).next()
    assert token_id == "1700000000250000-0123456789abcdef"
    assert is_token_id(token_id)
    assert issue_time(token_id) == 1_700_000_000_250_000


def test_ids_of_one_moment_are_in_order() -> None:
    source = ids(1_700_000_000.0)
    made = [source.next() for _ in range(100)]
    assert made == sorted(set(made))


def test_a_clock_that_goes_back_gives_no_lower_id() -> None:
    source = ids(1_700_000_000.0, 1_600_000_000.0)
    assert source.next() < source.next()


def test_an_id_is_higher_than_the_one_of_a_clock_ahead_and_the_next_ones_are_not() -> None:
    source, ahead = ids(1_700_000_000.0), ids(1_800_000_000.0).next()
    assert source.next(after=ahead) > ahead
    assert issue_time(source.next()) < 1_700_000_001_000_000


def test_after_what_is_no_id_comes_an_id_of_now() -> None:
    assert ids(1_700_000_000.0).next(after="9999999999999999-rubbish").startswith("1700000000")


@pytest.mark.parametrize("value", [
    None, 1, "", "1700000000250000", "1700000000250000-", "170000000025000-0123456789abcdef",
    "1700000000250000-0123456789ABCDEF", "1700000000250000-0123456789abcdef\n", "1700000000250000-0123456789abcdef0",
    "٣700000000250000-0123456789abcdef",
])
def test_what_is_no_id(value: object) -> None:
    assert not is_token_id(value)
