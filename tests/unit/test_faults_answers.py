"""What the fault tests take for a request without an answer, and for a service that comes back too late."""

import pytest

from apps.client.gate import Address
from tests.faults import answers, returns
from tests.faults.answers import ALLOWANCE_SECONDS, LIMIT_SECONDS, Asked

GATE, OTHER = Address("127.0.0.1", 1), Address("127.0.0.1", 2)
LATEST = LIMIT_SECONDS + ALLOWANCE_SECONDS


def asked(outcome: str, *, begun: float = 10.0, seconds: float = 1.0) -> Asked:
    return Asked("get_all_mail", GATE, begun, begun + seconds, outcome)


@pytest.mark.parametrize("outcome", answers.ANSWERS.values())
def test_an_answer_in_time_is_no_problem_whatever_it_says(outcome: str) -> None:
    assert not answers.problems([asked(outcome, seconds=LATEST)], {}, resets=False)
    assert answers.problems([asked(outcome, seconds=LATEST + 0.1)], {}, resets=False) == [
        f"1 requests answered too late: get_all_mail {outcome} after {LATEST + 0.1:.1f} s"]


def test_a_request_without_an_answer_is_a_problem() -> None:
    found = answers.problems([asked(answers.CLOSED), asked(answers.SILENT), asked("good")], {}, resets=False)
    assert found == ["2 requests without an answer: get_all_mail closed after 1.0 s"]


def test_an_answer_that_says_something_else_is_a_problem() -> None:
    assert answers.problems([asked("wrong answer: -1")], {}, resets=False) == [
        "1 requests answered wrongly: get_all_mail wrong answer: -1 after 1.0 s"]


def test_only_a_request_in_flight_at_its_gate_may_die_with_it() -> None:
    closed = [asked(answers.CLOSED)]
    assert not answers.problems(closed, {GATE: [3.0, 10.5]}, resets=False)
    assert answers.problems(closed, {GATE: [9.0, 11.5]}, resets=False)
    assert answers.problems(closed, {OTHER: [10.5]}, resets=False)
    assert answers.problems([asked(answers.SILENT)], {GATE: [10.5]}, resets=False)


def test_a_case_that_resets_connections_still_owes_answers_on_others() -> None:
    assert not answers.problems([asked(answers.CLOSED)], {}, resets=True)
    assert answers.problems([asked(answers.SILENT)], {}, resets=True)


def test_who_found_no_gate_asked_nothing() -> None:
    assert not answers.problems([asked(answers.UNREACHED, seconds=99)], {}, resets=False)


def test_a_kind_that_comes_back_late_is_named() -> None:
    most = returns.LIMIT_SECONDS + returns.ALLOWANCE_SECONDS
    assert returns.problems([{"read": 0.1, "chat": most}, {"read": most + 0.1}]) == [
        f"no read for {most + 0.1:.1f} s after the return, at most {most:g} expected"]
