"""Stored answers go when their time is over: all of them, a few at a time, and no others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import gevent
import pytest

from apps.local.backends import MariaDB
from apps.worker.chores import ANSWERS, chores
from apps.worker.housekeeping import Housekeeping
from apps.worker.rules import utc
from common.mysql import Database
from tests.support import backend_servers
from tests.support.commit_proxy import CommitProxy
from tests.support.dated_calls import DatedCalls, dated_calls
from tests.support.waiting import wait_for

NOW = datetime(2030, 1, 2, 12, tzinfo=UTC)
KEEP = timedelta(hours=24)
SECOND = timedelta(seconds=1)
CHORES = chores(keep_answers=KEEP, keep_requests=timedelta(days=1), rows=10)
[REMOVAL] = [chore for chore in CHORES if chore.removed is ANSWERS]


@pytest.fixture(scope="module")
def url(database_server: MariaDB) -> Iterator[str]:
    with backend_servers.empty_database(database_server, "lukseun_expired_answers") as url:
        yield url


@pytest.fixture(scope="module")
def calls(url: str) -> Iterator[DatedCalls]:
    with dated_calls(url) as calls:
        yield calls


def store(calls: DatedCalls, name: str, number: int, age: timedelta) -> None:
    for count in range(number):
        calls.execute("INSERT INTO request (owner, id, answer, created) VALUES ('p', %s, '{}', %s)",
                      f"{name}{count}", utc.stored(NOW - age))


def left(calls: DatedCalls) -> set[str]:
    return {name.rstrip("0123456789") for (name,) in calls.rows("SELECT id FROM request")}


@pytest.fixture
def answers(calls: DatedCalls) -> DatedCalls:
    """25 answers whose time is over, and two whose is not."""
    calls.execute("DELETE FROM request")
    store(calls, "old", 25, KEEP + SECOND)
    store(calls, "kept", 1, KEEP - SECOND)
    store(calls, "new", 1, timedelta())
    return calls


def housekeeping(database: Database) -> Housekeeping:
    return Housekeeping(database, lambda _: None, CHORES, seconds=0.05, lease=SECOND, clock=lambda: NOW)


def open_database(url: str) -> Database:
    return Database(url, connections=4, connect_seconds=5, statement_seconds=5, attempts=5,
                    pause=lambda number: gevent.sleep(0.01 * number))


def test_each_statement_removes_a_batch(answers: DatedCalls, url: str) -> None:
    database = open_database(url)
    assert [housekeeping(database).do(REMOVAL) for _ in range(4)] == [10, 10, 5, 0]
    assert left(answers) == {"kept", "new"}
    database.close()


def test_workers_that_remove_at_once_share_the_work(answers: DatedCalls, url: str) -> None:
    database = open_database(url)
    removers = [gevent.spawn(housekeeping(database).do, REMOVAL) for _ in range(4)]
    gevent.joinall(removers, raise_error=True)
    removed = sum(remover.get() for remover in removers)
    assert removed + answers.rows("SELECT COUNT(*) FROM request")[0][0] == 27
    while housekeeping(database).do(REMOVAL):
        pass
    assert left(answers) == {"kept", "new"}
    database.close()


def test_a_look_goes_on_to_the_end_and_comes_again(answers: DatedCalls, url: str) -> None:
    database = open_database(url)
    part = housekeeping(database)
    part.start()
    wait_for(lambda: left(answers) == {"kept", "new"})
    store(answers, "later", 3, 2 * KEEP)
    wait_for(lambda: left(answers) == {"kept", "new"})
    part.stop()
    database.close()


def test_it_outlives_an_absent_database(answers: DatedCalls, url: str, database_server: MariaDB) -> None:
    network = CommitProxy(database_server.port)
    network.start()
    database = open_database(url.replace(f":{database_server.port}/", f":{network.port}/"))
    network.cut_next(False, True)
    part = housekeeping(database)
    part.start()
    wait_for(lambda: not network.left)
    wait_for(lambda: left(answers) == {"kept", "new"})
    part.stop()
    database.close()
    network.stop()
