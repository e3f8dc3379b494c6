"""A few of the cases of ``make faults`` in a short form, and the proof that its examination notices what is wrong."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pymysql
import pytest

from common.mysql_url import connection_options
from tests.faults import strikes
from tests.faults.cases import QUICK, Case, select
from tests.faults.people import recruit
from tests.faults.play import Play
from tests.faults.program import SMALL
from tests.faults.stage import direct, proxied
from tests.support.waiting import wait_for

SECONDS, ACTORS, TALKERS = 1.5, 8, 4


DIRECT, PROXIED = ([case for case in select(QUICK) if case.proxied is wanted] for wanted in (False, True))


@pytest.fixture
def play(no_process_left: None, tmp_path: Path) -> Iterator[Play]:
    """Players on a system whose processes may be killed and whose data may be spoilt."""
    with direct(tmp_path, SMALL) as stage:
        yield Play(stage, recruit(stage.gates, ACTORS, TALKERS), SECONDS, seed=1)


@pytest.fixture
def netted(no_process_left: None, tmp_path: Path) -> Iterator[Play]:
    """The same on a system whose network may stall."""
    with proxied(tmp_path, SMALL) as stage:
        yield Play(stage, recruit(stage.gates, ACTORS, TALKERS), SECONDS, seed=1)


def sabotage(field: strikes.Field) -> None:
    """Take a coin from everybody, remove a mail and double another one, behind the system's back."""
    strikes.nothing(field)
    with pymysql.connect(**connection_options(field.stage.database_url, 5, 5)) as connection:
        connection.cursor().execute("UPDATE item SET value = value - 1 WHERE iid = 1")
        connection.commit()
    boxes = field.stage.processes.system.data / "mail"
    wait_for(lambda: remove_one(boxes), what="a mail that nobody has listed yet")
    wait_for(lambda: double_one(boxes), what="a mail to double")


def remove_one(boxes: Path) -> bool:
    """Remove a mail that is not listed yet; False when there is none now."""
    for path in boxes.glob("*/*/new/*"):
        with suppress(FileNotFoundError):  # it was listed a moment ago
            path.unlink()
            return True
    return False


def double_one(boxes: Path) -> bool:
    """Put a mail that is not listed yet into its box once more, under another key; False when there is none now."""
    for path in boxes.glob("*/*/new/*"):
        with suppress(FileNotFoundError):  # it was listed a moment ago
            content, key = path.read_bytes(), path.name
            other = key[:-1] + ("0" if key[-1] != "0" else "1")
            path.with_name(other).write_bytes(content.replace(key.encode(), other.encode()))
            return True
    return False


def play_all(play: Play, cases: Sequence[Case]) -> None:
    """Play cases in which nothing may be wrong."""
    for case in cases:
        result = play.run(case)
        assert not result.problems, case.name
        assert result.requests > 20, case.name


def test_nothing_is_lost_or_doubled_when_the_network_fails(netted: Play) -> None:
    play_all(netted, PROXIED)


def test_nothing_is_lost_or_doubled_or_it_would_be_noticed(play: Play) -> None:
    play_all(play, DIRECT)
    spoilt = "\n".join(play.run(Case("sabotage", "", sabotage, recovery=20)).problems)
    for what in ("item 1: ", "ledger: ", "a mail is lost: ", "a mail came twice: "):
        assert what in spoilt
