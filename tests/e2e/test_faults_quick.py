"""A few of the cases of ``make faults`` in a short form, and the proof that its examination notices what is wrong."""

from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from common.mysql_pool import connection_options
from tests.faults import strikes
from tests.faults.cases import QUICK, Case, select
from tests.faults.people import recruit
from tests.faults.play import Play
from tests.faults.program import SMALL
from tests.faults.stage import direct

SECONDS, ACTORS, TALKERS = 1.5, 8, 4


@pytest.fixture
def play(no_process_left: None, tmp_path: Path) -> Iterator[Play]:
    """Players on a system whose processes may be killed and whose data may be spoilt."""
    with direct(tmp_path, SMALL) as stage:
        yield Play(stage, recruit(stage.gates, ACTORS, TALKERS), SECONDS, seed=1)


def test_nothing_is_lost_or_doubled(play: Play) -> None:
    for case in select(QUICK):
        result = play.run(case)
        assert not result.problems, case.name
        assert result.requests > 20, case.name


def sabotage(field: strikes.Field) -> None:
    """Take a coin from everybody, and a mail from a box that has one, behind the system's back."""
    strikes.nothing(field)
    with pymysql.connect(**connection_options(field.stage.database_url, 5, 5)) as connection:
        connection.cursor().execute("UPDATE item SET value = value - 1 WHERE iid = 1")
        connection.commit()
    next((field.stage.processes.system.data / "mail").glob("*/*/new/*")).unlink()


def test_the_examination_notices_what_is_wrong(play: Play) -> None:
    text = "\n".join(play.run(Case("sabotage", "", sabotage, recovery=20)).problems)
    for what in ("item 1: ", "ledger: ", "a mail is lost: "):
        assert what in text
