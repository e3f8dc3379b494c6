"""What the fault tests take for reads that an outage stops, and for places of transactions that are lost."""

import pytest

from tests.faults import outages, places
from tests.faults.backends import move


@pytest.mark.parametrize(("usual", "kept"), [(100, 49), (0, 0), (0, 5)])
def test_reads_that_stop_are_a_problem(usual: float, kept: float) -> None:
    assert outages.too_few(usual, kept, 0.5) == [f"{kept} reads/s, {usual} are usual, 50% expected"]


def test_reads_that_go_on_are_none() -> None:
    assert not outages.too_few(100, 50, 0.5)
    assert not outages.too_slow(1.0)


def test_reads_that_wait_for_what_is_away_are_a_problem() -> None:
    assert outages.too_slow(2.04) == ["a read took 2.0 s, at most 1 expected"]


@pytest.mark.parametrize(("before", "after"), [(96, 95), (0, 0), (0, 96)])
def test_a_place_that_is_lost_or_was_never_seen_is_a_problem(before: int, after: int) -> None:
    assert places.lost(before, after) == [f"only {after} of {before} transactions run at once"]


def test_places_that_are_kept_are_none() -> None:
    assert not places.lost(96, 96)


def test_tables_move_all_at_once() -> None:
    assert move(["a", "b"], "x", "y") == "RENAME TABLE `x`.`a` TO `y`.`a`, `x`.`b` TO `y`.`b`"
