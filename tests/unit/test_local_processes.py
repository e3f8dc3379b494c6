"""Child processes: waited for, ended with their children, and never left behind."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.local.processes import ROOT, Cancelled, StartError, Task
from tests.support.process_tree import descendants, living, still_living
from tests.support.stand_ins import StandIn
from tests.support.waiting import wait_for

STUBBORN = "trap '' TERM; touch $READY; while :; do sleep 0.1; done"
WITH_CHILD = "sleep 1000 & touch $READY; wait"
PARENT = """
import sys
from pathlib import Path
from apps.local.processes import popen
print(popen(["sleep", "1000"], Path(sys.argv[1]), None).pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., StandIn]]:
    made: list[StandIn] = []

    def build(*script: str) -> StandIn:
        made.append(StandIn(f"thing-{len(made)}", tmp_path, *script))
        return made[-1]

    yield build
    for process in made:
        process.kill()


def test_a_start_waits_until_the_process_answers(make: Callable[..., StandIn]) -> None:
    process = make("sleep 0.2; touch $READY; exec sleep 1000")
    process.start()
    assert process.running
    assert process.ready()


def test_a_process_that_dies_at_its_start_is_told_with_its_last_lines(make: Callable[..., StandIn]) -> None:
    with pytest.raises(StartError, match=r"thing-0 ended at its start with exit code 3\n    no luck"):
        make("echo no luck; exit 3").start()


def test_lines_of_an_earlier_start_are_not_told(make: Callable[..., StandIn]) -> None:
    process = make("test -e $FOLDER/again && echo second || echo first; touch $FOLDER/again; exit 1")
    with pytest.raises(StartError, match="first"):
        process.start()
    with pytest.raises(StartError) as caught:
        process.start()
    assert "second" in str(caught.value)
    assert "first" not in str(caught.value)


def test_a_process_that_is_not_ready_in_time_is_an_error_and_goes_on(make: Callable[..., StandIn]) -> None:
    process = make("exec sleep 1000")
    with pytest.raises(StartError, match="not ready in time"):
        process.start(seconds=0.1)
    assert process.running


def test_a_program_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot be run"):
        Task("nothing", ["/nonexistent/program"], tmp_path / "log").start()


def test_a_start_can_be_called_off(make: Callable[..., StandIn]) -> None:
    process = make("exec sleep 1000")
    with pytest.raises(Cancelled):
        process.start(cancelled=lambda: process.running)


def test_a_task_is_ready_when_it_has_ended_well(tmp_path: Path) -> None:
    Task("good", ["sh", "-c", "sleep 0.1"], tmp_path / "log").start()
    with pytest.raises(StartError, match="exit code 5"):
        Task("bad", ["sh", "-c", "exit 5"], tmp_path / "log").start()


def test_a_task_that_ends_while_it_is_looked_at_is_ready(tmp_path: Path) -> None:
    class Short(Task):
        def ready(self) -> bool:
            ready = super().ready()
            if self.process is not None:
                self.process.wait()
            return ready

    Short("short", ["sleep", "0.1"], tmp_path / "log").start()


def test_a_stop_asks_first(make: Callable[..., StandIn]) -> None:
    process = make("trap 'echo bye; exit 0' TERM; touch $READY; while :; do sleep 0.02; done")
    process.start()
    assert process.stop(5)
    assert "bye" in process.log_file.read_text()
    assert process.wait() == "exit code 0"


def test_a_stubborn_process_is_killed_after_its_time(make: Callable[..., StandIn]) -> None:
    process = make(STUBBORN)
    process.start()
    assert not process.stop(0.2)
    assert process.wait() == "SIGKILL"


def test_a_frozen_process_is_stopped_too(make: Callable[..., StandIn]) -> None:
    process = make()
    process.start()
    process.pause()
    assert process.stop(5)
    assert process.wait() == "SIGTERM"


@pytest.mark.parametrize("end", [lambda process: process.stop(5), lambda process: process.kill()])
def test_children_of_the_process_end_with_it(make: Callable[..., StandIn], end: Callable[[StandIn], object]) -> None:
    process = make(WITH_CHILD)
    process.start()
    children = descendants(process.pid)
    assert children
    end(process)
    wait_for(lambda: not still_living(children), what="the end of the children")


def test_children_of_a_process_that_was_killed_by_others_end_with_it(make: Callable[..., StandIn]) -> None:
    process = make(WITH_CHILD)
    process.start()
    children = descendants(process.pid)
    assert process.process
    process.process.send_signal(signal.SIGKILL)
    assert process.wait() == "SIGKILL"
    wait_for(lambda: not still_living(children), what="the end of the children")


def test_a_process_can_be_started_again(make: Callable[..., StandIn]) -> None:
    process = make()
    process.start()
    first = process.pid
    process.kill()
    assert process.wait() == "SIGKILL"
    process.start()
    assert process.running
    assert process.pid != first


def test_nothing_outlives_a_killed_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "log")], cwd=ROOT, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    assert parent.stdin
    assert parent.stdout
    with parent, parent.stdin, parent.stdout:
        child = int(parent.stdout.readline())
        found = {process for process in living() if process.pid == child}
        assert found
        parent.kill()
    wait_for(lambda: not still_living(found), what="the end of the child")
