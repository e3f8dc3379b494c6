"""The proof that ``make faults`` notices answers that never come, late returns, stopped reads and lost places."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent

from tests.faults import outages, places
from tests.faults.cases import Case
from tests.faults.people import recruit
from tests.faults.play import Play
from tests.faults.program import SMALL
from tests.faults.returns import ALLOWANCE_SECONDS, LIMIT_SECONDS
from tests.faults.stage import direct
from tests.faults.strikes import Field
from tests.support.waiting import wait_for

SECONDS, ACTORS, TALKERS = 1.0, 4, 4
LATE_SECONDS = LIMIT_SECONDS + ALLOWANCE_SECONDS + 1
TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 1, in x\nKeyError: 1\n'


@contextmanager
def frozen(field: Field, name: str) -> Iterator[None]:
    """A process that stands still."""
    pids = field.stage.processes.freeze(name)
    try:
        yield
    finally:
        field.stage.processes.thaw(pids)


def stop_reads(field: Field) -> None:
    """Reads need MySQL."""
    with frozen(field, "mysql"):
        gevent.sleep(outages.LONGEST_SECONDS + 0.5)


def return_late_without_a_gate(field: Field) -> None:
    """MySQL is called back long before it is, and a gate dies of its own while requests wait in it."""
    pids = field.stage.processes.freeze("mysql")
    wait_for(lambda: field.answers.wait_at(field.stage.gates[0]))
    os.kill(field.stage.processes.tree("gate-0")[0], signal.SIGKILL)
    gevent.spawn_later(LATE_SECONDS, field.stage.processes.thaw, pids)
    field.returns.watch()


def lose_places(field: Field) -> None:
    """A worker that stands still does not use its places."""
    before = places.at_once(field)
    with frozen(field, "worker-0"):
        after = places.at_once(field)
    field.problems += places.lost(before, after)


def sabotage(field: Field) -> None:
    lose_places(field)
    outages.reads_go_on(0.5, stop_reads)(field)
    return_late_without_a_gate(field)
    with (field.stage.processes.system.data / "logs" / "mail-0.log").open("a") as log:
        log.write(TRACEBACK)


def test_what_outages_must_not_do_is_noticed(no_process_left: None, tmp_path: Path) -> None:
    with direct(tmp_path, SMALL) as stage:
        play = Play(stage, recruit(stage.gates, ACTORS, TALKERS), SECONDS, seed=1)
        found = "\n".join(play.run(Case("sabotage", "", sabotage, recovery=60, may_fail=True)).problems)
    for what in ("transactions run at once", "reads/s", "a read took ", " requests without an answer: ",
                 "s after the return", "gate-0 ended by itself", "mail-0: 1 tracebacks in the log, first: KeyError"):
        assert what in found, found
