"""Removing what was delivered waits for nobody who is just writing something else into the outbox."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import gevent
import pymysql
import pytest

from apps.local.backends import MariaDB
from apps.worker.outbox import Outbox, Rows
from common.mysql import Database
from common.mysql_url import connection_options
from tests.support import backend_servers
from tests.support.dated_calls import dated_calls
from tests.support.runner import pause

NOW = datetime(2030, 1, 2, 12, tzinfo=UTC).replace(tzinfo=None)
COUNT = 20
"""So many of a small table that the database would rather read all of it than look for each."""
SECONDS = 1.5
"""Less than a statement waits for a lock."""
ROW = "INSERT INTO outbox (kind, body, due, created) VALUES ('note', '{}', %s, %s)"


@pytest.fixture(scope="module")
def url(database_server: MariaDB) -> Iterator[str]:
    with backend_servers.empty_database(database_server, "lukseun_outbox") as url, dated_calls(url):
        yield url


@pytest.fixture
def other(url: str) -> Iterator["pymysql.Connection[pymysql.cursors.Cursor]"]:
    """A connection of somebody else."""
    with pymysql.connect(**connection_options(url, 5, 5) | {"autocommit": False}) as connection:
        yield connection


def test_removal_does_not_wait_for_rows_of_others(
        url: str, other: "pymysql.Connection[pymysql.cursors.Cursor]") -> None:
    database = Database(url, connections=2, connect_seconds=5, statement_seconds=5, pause=pause)
    outbox = Outbox(database, {"note": lambda body: None}, rows=Rows.REQUESTS, parallel=4, batch=COUNT, seconds=60,
                    lease=timedelta(seconds=10), longest_wait=timedelta(seconds=10), inline_seconds=1,
                    clock=lambda: NOW)
    with other.cursor() as cursor:
        cursor.executemany(ROW, [(NOW, NOW)] * COUNT)
        other.commit()
        cursor.execute(ROW, (NOW + timedelta(days=1), NOW))  # and is not committed yet
        assert outbox.sweep() == COUNT
        with gevent.Timeout(SECONDS):
            outbox.settle()
        other.rollback()
        cursor.execute("SELECT COUNT(*) FROM outbox")
        assert cursor.fetchone() == (0,)
    database.close()
