"""What the fault tests say of a crowd: what is lost, doubled, not answered, or answered too late."""

from typing import Any

import pytest

from tests.faults.crowd import Outcome
from tests.faults.crowd_check import compare
from tests.faults.deploys import Span, failures
from tests.faults.overload import ACCEPTED_MS, USUAL_TIMES, unanswered, wrong
from tests.load.histogram import Histogram
from tests.load.tally import Tally

SECONDS = 10.0


def histogram(seconds: float, count: int) -> Histogram:
    found = Histogram()
    found.add(seconds, count)
    return found


def outcome(*, good: int = 1000, seconds: float = 0.1, refused: int = 0, refusal: float = 0.02,
            **others: int) -> Outcome:
    """So many good answers and refusals, each after so long, and other outcomes."""
    tally = Tally(0, SECONDS)
    tally.outcomes.update({"0": good, "-3": refused, **others})
    tally.accepted, tally.accepted_in_time = histogram(seconds, good), good
    tally.lag.add(0.001)
    return Outcome(tally, {}, histogram(refusal, refused), 0, 0.0, [], {}, {})


def test_a_lost_write_and_a_doubled_one_are_told() -> None:
    assert not compare("mail", ["a", "b"], ["c", "d"], {"a": 1, "b": 1, "c": 1})
    assert compare("mail", ["a", "b"], [], {"a": 1}) == [
        "1 of the crowd's mails were acknowledged and are not there: b"]
    assert compare("write", ["a"], ["c"], {"a": 2, "c": 2}) == ["2 of the crowd's writes are there twice: a, c"]


def test_a_flood_that_is_borne_well() -> None:
    assert not wrong(outcome(), outcome(refused=2000), outcome())


@pytest.mark.parametrize(("flood", "says"), [
    ({"good": 800, "refused": 2000}, "goodput 80/s, capacity 100/s"),
    ({"seconds": 0.5, "refused": 2000}, "accepted: "),
    ({"refused": 2000, "refusal": 0.4}, "refused: "),
    ({}, "nothing was refused"),
])
def test_a_flood_that_is_not(flood: dict[str, Any], says: str) -> None:
    (text,) = wrong(outcome(), outcome(**flood), outcome())
    assert text.startswith(says)


def test_a_slow_machine_has_more_time() -> None:
    usual = outcome(seconds=0.2)
    assert USUAL_TIMES * 200 > ACCEPTED_MS
    assert not wrong(usual, outcome(seconds=USUAL_TIMES * 0.2 - 0.01, refused=9), usual)
    assert wrong(usual, outcome(seconds=USUAL_TIMES * 0.2 + 0.05, refused=9), usual)


def test_requests_without_an_answer_are_told() -> None:
    assert not unanswered([outcome(refused=5)])
    assert unanswered([outcome(timeout=2)]) == ["crowd: 2 requests ended with 'timeout'"]
    assert unanswered([outcome(**{"-2": 1})]) == ["crowd: 1 requests ended with '-2'"]


def test_failures_are_told_by_what_was_replaced() -> None:
    spans = [Span("auth", 1, 2), Span("gate", 3, 5)]
    assert not failures([], spans)
    assert failures([(1.5, "-3"), (4, "closed"), (4.5, "-3"), (9, "timeout")], spans) == [
        "crowd: 1 requests failed while auth was replaced: -3",
        "crowd: 2 requests failed while gate was replaced: -3, closed",
        "crowd: 1 requests failed while no Deployment was replaced: timeout"]
