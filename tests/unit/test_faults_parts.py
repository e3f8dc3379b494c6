"""The parts of the fault tests that need no system: chat, counting, deaths, metrics, logs, cases and the report."""

import json
import signal

import pytest

from tests.faults.cases import ALL, QUICK, select
from tests.faults.deaths import Death, deaths, unexpected
from tests.faults.holdings import MOST_MEMORY, MOST_SOCKETS, growth
from tests.faults.idle import gauges
from tests.faults.log_watch import describe
from tests.faults.options import parse
from tests.faults.report import Result, as_json, page, table
from tests.faults.talk_log import Ear, Saying
from tests.faults.tally import KINDS, Tally, longest_gap

OUTPUT = """ready in 4.6 s
worker-0 (process 13) died: SIGKILL; starting it again in 0.5 s
worker-0 is back as process 14
gate-1 (process 20) died: exit code 0; starting it again in 0.5 s
mail-0 (process 30) died: exit code 1; starting it again in 0.5 s
"""


class Clock:
    """A time that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def saying(number: int, session: int = 1, world: str = "s0") -> str:
    return str(Saying(world, "T_ada", session, number))


def heard(*texts: str) -> Ear:
    ear = Ear("s0")
    for text in texts:
        ear.hear(text)
    return ear


def test_a_saying_survives_the_chat() -> None:
    assert Saying.parse(saying(3)) == Saying("s0", "T_ada", 1, 3)


def test_chat_in_order_with_a_gap_is_right() -> None:
    ear = heard(saying(1), saying(2), saying(5), saying(1, session=2))
    assert (ear.problems, ear.heard, ear.lost) == ([], 4, 2)


def test_a_message_to_another_family_is_told() -> None:
    ear = Ear("Millers")
    ear.hear(saying(1, world="Smiths"))
    assert ear.problems == ["heard Smiths T_ada 1 1 in Millers"]


@pytest.mark.parametrize("wrong", [
    [saying(2), saying(1)], [saying(2), saying(2)], [saying(1, world="s1")], ["hello"], ["s0 T_ada x y"]])
def test_chat_that_is_wrong(wrong: list[str]) -> None:
    assert len(heard(*wrong).problems) == 1


def test_the_longest_gap_includes_both_ends() -> None:
    assert longest_gap(0, [1, 2, 4], 5) == 2
    assert longest_gap(0, [3], 4) == 3
    assert longest_gap(0, [1], 9) == 8
    assert longest_gap(0, [], 7) == 7


def test_a_kind_that_never_succeeds_has_the_whole_time() -> None:
    clock = Clock()
    tally = Tally(clock)
    clock.now = 2
    tally.success("read")
    clock.now = 5
    tally.end()
    clock.now = 50
    tally.success("read")
    assert tally.gaps() == {kind: 3 if kind == "read" else 5 for kind in KINDS}


def test_answers_are_counted_by_status() -> None:
    tally = Tally(Clock())
    for line in (b'{"status":-3,"message":"server busy"}', b'{"status": -2}', b'{"status":0}', b'{"status":-30}', b""):
        tally.answered(line)
    assert (tally.refused, tally.timed_out) == (1, 1)


def test_retries_are_tries_beyond_the_first() -> None:
    tally = Tally(Clock())
    tally.requests, tally.tries = 3, 7
    assert tally.retried == 4


def test_deaths_are_read_from_the_output() -> None:
    assert deaths(OUTPUT) == [Death("worker-0", 13, "SIGKILL"), Death("gate-1", 20, "exit code 0"),
                              Death("mail-0", 30, "exit code 1")]


def test_only_deaths_that_were_not_asked_for_are_told() -> None:
    asked = {13: signal.SIGKILL, 20: signal.SIGTERM}
    assert unexpected(deaths(OUTPUT), asked) == ["mail-0 ended by itself with exit code 1"]
    assert unexpected(deaths(OUTPUT), {**asked, 30: signal.SIGTERM}) == ["mail-0 ended with exit code 1 after SIGTERM"]


def test_growth_is_told_beyond_its_limits() -> None:
    assert not growth("gate-0", (10, 1000), (10 + MOST_SOCKETS, 1000 + MOST_MEMORY))
    assert len(growth("gate-0", (10, 1000), (11 + MOST_SOCKETS, 1001 + MOST_MEMORY))) == 2
    assert not growth("mysql", (10, 1000), (11 + MOST_SOCKETS, 1001 + MOST_MEMORY))


def test_gauges_are_read_from_metrics() -> None:
    text = "# HELP gate_pending x\n# TYPE gate_pending gauge\ngate_pending 2.0\ngate_requests_total 7.0\n"
    assert gauges(text) == {"gate_pending": 2.0}


def test_tracebacks_are_found_in_a_log() -> None:
    text = ("12:00:00.000 ERROR apps.x: a job failed\nTraceback (most recent call last):\n  File \"x.py\", line 1\n"
            "common.lines.LineTooLongError: too long\n12:00:00.001 INFO x: on\n")
    assert describe(text) == "1 tracebacks in the log, first: common.lines.LineTooLongError: too long"
    assert describe("12:00:00.000 ERROR apps.x: refused\n") == ""


def test_only_expected_tracebacks_are_passed_over() -> None:
    text = "".join(f"Traceback (most recent call last):\n  File \"x.py\", line 1\n{last}\n" for last in (
        "KeyError: 1", "pymysql.err.OperationalError: (2013, 'Lost')"))
    assert describe(text, ["KeyError", "OperationalError: (2013"]) == ""
    assert describe(text, ["KeyError"]) == ("1 tracebacks in the log, first: "
                                            "pymysql.err.OperationalError: (2013, 'Lost')")
    assert describe("12:00:00 CRITICAL x: it is over\n") == (
        "1 tracebacks in the log, first: 12:00:00 CRITICAL x: it is over")


def test_cases_are_selected_in_their_order() -> None:
    assert select(()) == list(ALL)
    assert [case.name for case in select(("triple", "calm"))] == ["calm", "triple"]
    assert len(select(QUICK)) == len(QUICK)
    with pytest.raises(ValueError, match="no such case: nonsense"):
        select(("nonsense",))


def test_case_names_are_unique() -> None:
    assert len({case.name for case in ALL}) == len(ALL)


@pytest.mark.parametrize("arguments", [["--seconds=0"], ["--seconds=x"], ["--actors=1000"], ["--nonsense"]])
def test_a_wrong_call_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2
    assert arguments[0].partition("=")[0] in capsys.readouterr().err


def test_names_of_cases_are_separated_by_commas() -> None:
    assert parse(["--cases", "calm, triple"]).cases == ("calm", "triple")


def test_a_report_tells_what_was_broken() -> None:
    good, bad = Result("calm", "nothing", requests=5), Result("kill-x", "a|b", problems=["a mail is lost: x"])
    assert [line.split()[:2] for line in table([good, bad]).splitlines()[1:]] == [["calm", "ok"], ["kill-x", "FAILED"]]
    assert "a mail is lost: x" in table([good, bad])
    assert "| a\\|b |" in page([good, bad], "2 cores")
    assert [case["passed"] for case in json.loads(as_json([good, bad], "2 cores"))["cases"]] == [True, False]
