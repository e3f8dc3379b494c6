"""The parts of the rolling update rehearsal that need no process: the plan, the memory of chat guests, the report."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults import rollout_servers_report
from tests.faults.cases import ALL, REHEARSAL, SERVERS, select
from tests.faults.report import Result, page
from tests.faults.rollout_plan import Strategy
from tests.faults.rollout_report import DETAIL, text
from tests.faults.rollout_talk import GREETING, MESSAGE, Memory
from tests.faults.rollout_tally import Row, ServersRow, StrictTally, percentile
from tests.faults.talk_log import Saying


def deployment(replicas: int, **strategy: Any) -> dict[str, Any]:
    return {"metadata": {"name": "gate"}, "spec": {"replicas": replicas, "strategy": strategy}}


@pytest.mark.parametrize(("replicas", "given_", "wanted"), [
    (2, {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}, (1, 0)),
    (10, {}, (3, 2)),  # a quarter each, rounded up and down
    (3, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "50%", "maxUnavailable": "50%"}}, (2, 1)),
    (4, {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}, (0, 1)),  # else nothing could ever happen
])
def test_a_strategy_is_read_as_kubernetes_does(replicas: int, given_: dict[str, Any], wanted: tuple[int, int]) -> None:
    strategy = Strategy.of(deployment(replicas, **given_))
    assert (strategy.surge, strategy.unavailable) == wanted


def test_what_is_not_rolled_is_refused() -> None:
    with pytest.raises(ValueError, match="gate is not rolled but Recreate"):
        Strategy.of(deployment(2, type="Recreate"))


def test_one_more_starts_and_gets_ready_before_one_ends() -> None:
    strategy = Strategy(replicas=2, surge=1, unavailable=0)
    assert (strategy.to_start(old=2, new=0), strategy.to_end(old=2, ready=2)) == (1, 0)
    assert (strategy.to_start(old=2, new=1), strategy.to_end(old=2, ready=2)) == (0, 0)
    assert strategy.to_end(old=2, ready=3) == 1


def test_without_a_surge_one_ends_first() -> None:
    strategy = Strategy(replicas=2, surge=0, unavailable=1)
    assert (strategy.to_start(old=2, new=0), strategy.to_end(old=2, ready=2)) == (0, 1)
    assert strategy.to_start(old=1, new=0) == 1


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(0, 4), st.integers(0, 9), st.randoms(use_true_random=False))
def test_all_are_replaced_within_the_limits(replicas: int, surge: int, unavailable: int, chance: Any) -> None:
    strategy = Strategy(replicas, surge, min(unavailable, replicas) if surge else max(1, min(unavailable, replicas)))
    old, starting, ready = replicas, 0, 0
    for _ in range(20 * replicas):
        ended = strategy.to_end(old, old + ready)
        old -= ended
        assert not ended or old + ready >= replicas - strategy.unavailable
        starting += strategy.to_start(old, starting + ready)
        assert old + starting + ready <= replicas + strategy.surge
        got_ready = chance.randint(min(1, starting), starting)
        starting, ready = starting - got_ready, ready + got_ready
    assert (old, starting + ready) == (0, replicas)


def line(number: int, said: int, speaker: str = "T_ada", session: int = MESSAGE, world: str = "s0") -> str:
    message = str(Saying(world, speaker, session, said))
    fields = {"number": number, "channel": "public", "from": speaker, "text": message}
    return f"000MESSAGE{json.dumps(fields)}"


def remembered(*lines: str) -> Memory:
    memory = Memory("s0")
    for one in lines:
        memory.hear(one)
    return memory


def test_a_guest_hears_each_message_once_and_in_order() -> None:
    memory = remembered(line(3, 1), line(5, 9, session=GREETING), line(6, 1, "T_bert"), line(8, 2))
    assert (memory.problems, memory.number, memory.last("T_ada"), memory.last("T_bert")) == ([], 8, 2, 1)


@pytest.mark.parametrize("wrong", [
    [line(1, 1), line(2, 1)],  # doubled
    [line(1, 1), line(2, 3)],  # one is lost
    [line(1, 2)],  # the first is lost
    [line(2, 1), line(2, 2)],  # the edge gave a number twice
    [line(1, 1, world="s1")],
    ['0000000GAP{"channel": "public", "after": 1}'],
])
def test_a_guest_notices_what_is_wrong(wrong: list[str]) -> None:
    assert len(remembered(*wrong).problems) == 1


def test_each_try_that_fails_is_kept() -> None:
    tally = StrictTally(lambda: 0.0)
    for answer in (b'{"status":0}', b'{"status":-3,"message":"busy"}', b'{"status": -2}', b'{"status":-4}'):
        tally.answered(answer)
    tally.broke(ConnectionResetError(104, "reset"))
    assert tally.errors == ['{"status":-3,"message":"busy"}', '{"status": -2}',
                            "ConnectionResetError: [Errno 104] reset"]


def row(**changes: Any) -> Row:
    good = Row(deployment="gate", pods=2, seconds=21.04, times=[0.01] * 98 + [0.05, 0.2], errors=[], refused=[],
               reset=["mail at 127.0.0.2 reset a connection"], kills=0)
    return replace(good, **changes)


def test_a_row_names_what_must_not_be() -> None:
    assert row().problems == []
    assert row(errors=["-3", "-2"], refused=["no pod"], kills=1).problems == [
        "gate: 2 requests failed: -3", "gate: 1 connections were refused: no pod", "gate: 1 pods needed SIGKILL"]


def test_percentiles() -> None:
    assert percentile([], 0.99) == 0
    assert percentile([0.3], 0.99) == 0.3
    assert percentile(list(range(1, 101)), 0.99) == 99


def test_the_report_has_a_section_of_its_own() -> None:
    result = Result("rolling-update", "", details={DETAIL: [row().facts]})
    assert text([result]).splitlines()[-1].split() == ["gate", "2", "21.0", "100", "0", "0", "1", "50", "0"]
    assert "## Rolling update" in page([result], "2 cores")
    assert "| gate | 2 | 21.0 | 100 | 0 | 0 | 1 | 50 | 0 |" in page([result], "2 cores")
    other = Result("calm", "")
    assert "## Rolling update" not in page([other], "2 cores")
    assert text([other]) == ""


def test_the_rehearsal_is_a_case_that_can_be_played_alone() -> None:
    assert select(["rolling-update"]) == [REHEARSAL]
    assert select(["rolling-servers"]) == [SERVERS]
    assert [case for case in ALL if case.rehearsed] == [REHEARSAL, SERVERS]


def servers_row(**changes: Any) -> ServersRow:
    good = ServersRow(what="redis: update", servers=3, seconds=31.04, times=[0.01, 0.71], errors=[], given_up=0,
                      unheard=1, kills=0, planned=True, costs_tries=False)
    return replace(good, **changes)


def test_an_update_of_redis_must_cost_nothing_and_a_death_may() -> None:
    assert servers_row().problems == []
    bad: dict[str, Any] = {"errors": ["-3", "-2"], "given_up": 1}
    assert servers_row(**bad, kills=1).problems == [
        "redis: update: 2 tries failed: -3", "redis: update: 1 requests were given up",
        "redis: update: 1 containers needed SIGKILL"]
    assert servers_row(**bad, planned=False, costs_tries=True).problems == []


def test_the_servers_have_a_section_of_their_own() -> None:
    result = Result("rolling-servers", "", details={rollout_servers_report.DETAIL: [servers_row().facts]})
    assert rollout_servers_report.text([result]).splitlines()[-1].split()[2:] == [
        "3", "31.0", "2", "0", "0.71", "0", "1", "0"]
    assert "| redis: update | 3 | 31.0 | 2 | 0 | 0.71 | 0 | 1 | 0 |" in page([result], "2 cores")
    assert "## Servers of NATS and Redis" not in page([Result("calm", "")], "2 cores")
