"""The supervisor: starts what is needed first, brings back what dies, stops in order."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import gevent
import pytest

from apps.local.processes import Cancelled, StartError, Task
from apps.local.settings import WatchSettings
from apps.local.supervisor import Backoff, Supervisor
from tests.support.stand_ins import StandIn
from tests.support.waiting import wait_for

QUICK = WatchSettings(ready_seconds=10, start_attempts=2, stop_seconds=5, restart_delay=0.05, restart_delay_max=0.2)


class Stage:
    """A supervisor with what it said and how often it told of a change."""

    def __init__(self, *units: StandIn | Task, settings: WatchSettings = QUICK) -> None:
        self.said: list[str] = []
        self.changes: list[list[int]] = []
        self.supervisor = Supervisor(units, settings, self.said.append,
                                     lambda: self.changes.append([unit.pid for unit in units]))


@pytest.fixture
def supervise() -> Iterator[Callable[..., Stage]]:
    made: list[Stage] = []

    def build(*units: StandIn | Task, settings: WatchSettings = QUICK) -> Stage:
        made.append(Stage(*units, settings=settings))
        return made[-1]

    yield build
    for stage in made:
        stage.supervisor.force()
        stage.supervisor.stop()


def ending(number: int) -> str:
    """A script that notes its end."""
    return f"trap 'echo {number} >>$FOLDER/ends; exit' TERM; touch $READY; while :; do sleep 0.02; done"


def test_what_is_needed_is_up_first(tmp_path: Path, supervise: Callable[..., Stage]) -> None:
    first = StandIn("first", tmp_path, "sleep 0.2; touch $READY; exec sleep 1000")
    task = Task("task", ["test", "-e", str(first.marker)], tmp_path / "task.log")
    task.needs = ("first",)
    last = StandIn("last", tmp_path)
    last.needs = ("task", "somebody else's")
    supervise(last, task, first).supervisor.start()
    assert first.running
    assert last.running


def test_what_does_not_need_each_other_starts_side_by_side(tmp_path: Path, supervise: Callable[..., Stage]) -> None:
    slow = [StandIn(f"slow-{i}", tmp_path, "sleep 0.5; touch $READY; exec sleep 1000") for i in range(4)]
    begun = time.monotonic()
    supervise(*slow).supervisor.start()
    assert time.monotonic() - begun < 1.5


def test_a_failed_start_is_tried_again(tmp_path: Path, supervise: Callable[..., Stage]) -> None:
    flaky = "test -e $FOLDER/again || { touch $FOLDER/again; exit 1; }; touch $READY; exec sleep 1000"
    stage = supervise(StandIn("flaky", tmp_path, flaky))
    stage.supervisor.start()
    assert "trying again" in stage.said[0]


@pytest.mark.parametrize(("code", "attempts"), [(1, 2), (2, 1)])
def test_a_start_that_fails_for_good_is_an_error(
    tmp_path: Path, supervise: Callable[..., Stage], code: int, attempts: int
) -> None:
    bad = StandIn("bad", tmp_path, f"echo an attempt; exit {code}")
    good = StandIn("good", tmp_path)
    stage = supervise(bad, good)
    with pytest.raises(StartError, match=f"bad ended at its start with exit code {code}"):
        stage.supervisor.start()
    assert bad.log_file.read_text().count("an attempt") == attempts
    stage.supervisor.stop()
    assert not good.running


def test_what_is_not_ready_in_time_is_an_error(tmp_path: Path, supervise: Callable[..., Stage]) -> None:
    stage = supervise(StandIn("slow", tmp_path, "exec sleep 1000"), settings=replace(QUICK, ready_seconds=1))
    with pytest.raises(StartError, match="slow is not ready in time"):
        stage.supervisor.start()


def test_a_start_can_be_called_off(tmp_path: Path, supervise: Callable[..., Stage]) -> None:
    slow, waiting = StandIn("slow", tmp_path, "exec sleep 1000"), StandIn("waiting", tmp_path)
    waiting.needs = ("slow",)
    stage = supervise(slow, waiting)
    starting = gevent.spawn(stage.supervisor.start)
    starting.link_exception(lambda _: None)
    wait_for(lambda: slow.running)
    stage.supervisor.cancel()
    with pytest.raises(Cancelled):
        starting.get(timeout=5)
    stage.supervisor.stop()
    assert (slow.running, waiting.pid) == (False, 0)


def test_a_killed_process_comes_back(tmp_path: Path, supervise: Callable[..., Stage]) -> None:
    victim, other = StandIn("victim", tmp_path), StandIn("other", tmp_path)
    stage = supervise(victim, other)
    stage.supervisor.start()
    stage.supervisor.watch()
    killed, untouched = victim.pid, other.pid
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: stage.changes)
    assert stage.changes == [[victim.pid, untouched]]
    assert victim.running
    assert victim.pid != killed
    assert f"victim (process {killed}) died: SIGKILL; starting it again in 0.05 s" in stage.said


def test_a_process_that_cannot_come_back_is_tried_on_and_on(tmp_path: Path, supervise: Callable[..., Stage]) -> None:
    script = "test -e $FOLDER/broken && exit 1; touch $READY; exec sleep 1000"
    victim = StandIn("victim", tmp_path, script)
    stage = supervise(victim)
    stage.supervisor.start()
    stage.supervisor.watch()
    (tmp_path / "broken").touch()
    os.kill(victim.pid, signal.SIGKILL)
    wait_for(lambda: sum("ended at its start" in line for line in stage.said) >= 3)
    (tmp_path / "broken").unlink()
    wait_for(lambda: stage.changes)
    assert victim.running


def test_stages_end_in_their_order(tmp_path: Path, supervise: Callable[..., Stage]) -> None:
    units = [StandIn(f"unit-{number}", tmp_path, ending(number)) for number in (2, 0, 1)]
    for unit, stage_number in zip(units, (2, 0, 1), strict=True):
        unit.stage = stage_number
    stage = supervise(*units)
    stage.supervisor.start()
    stage.supervisor.watch()
    assert stage.supervisor.stop()
    assert (tmp_path / "ends").read_text().split() == ["0", "1", "2"]
    assert stage.said == []


def test_a_stubborn_process_is_killed_and_told(tmp_path: Path, supervise: Callable[..., Stage]) -> None:
    stubborn = StandIn("stubborn", tmp_path, "trap '' TERM; touch $READY; while :; do sleep 0.02; done")
    stage = supervise(stubborn, settings=replace(QUICK, stop_seconds=0.2))
    stage.supervisor.start()
    assert not stage.supervisor.stop()
    assert stage.said == ["stubborn did not end within 0.2 s and was killed"]


def test_force_cuts_a_stop_short(tmp_path: Path, supervise: Callable[..., Stage]) -> None:
    stubborn = StandIn("stubborn", tmp_path, "trap '' TERM; touch $READY; while :; do sleep 0.02; done")
    stage = supervise(stubborn, settings=replace(QUICK, stop_seconds=60))
    stage.supervisor.start()
    stopping = gevent.spawn(stage.supervisor.stop)
    gevent.sleep(0)
    stage.supervisor.force()
    stopping.get(timeout=5)
    assert not stubborn.running


def test_waits_double_up_to_a_limit_and_begin_anew_after_a_long_life() -> None:
    backoff = Backoff(first=1, most=5, reset=60)
    assert [backoff.delay(0) for _ in range(4)] == [1, 2, 4, 5]
    assert backoff.delay(60) == 1
    assert backoff.delay(59) == 2
