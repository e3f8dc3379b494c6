"""What a worker does in the background goes on after any error, such as a database that was started empty."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.local.backends import MariaDB
from apps.worker.chores import chores
from apps.worker.counts import UNEXPECTED
from apps.worker.housekeeping import Housekeeping
from apps.worker.outbox import Outbox, Rows
from common.lifecycle import Part
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, dated_calls
from tests.support.waiting import wait_for

NOW = datetime(2030, 1, 2, 12)
LEASE = timedelta(seconds=5)


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_loops") as url, dated_calls(url) as calls:
        yield calls


@pytest.fixture
def loops(calls: DatedCalls) -> Iterator[list[dict[str, Any]]]:
    """Run the outbox and housekeeping in short rounds; yields what was delivered."""
    got: list[dict[str, Any]] = []
    parts: list[Part] = [
        Outbox(calls.database, {"thing": got.append}, rows=Rows.REQUESTS, parallel=1, longest_wait=LEASE, seconds=0.05,
               lease=LEASE, batch=10, inline_seconds=1, clock=lambda: NOW),
        Housekeeping(calls.database, lambda _: None, chores(
            keep_answers=timedelta(hours=1), keep_requests=timedelta(days=1), rows=10), seconds=0.05, lease=LEASE,
            clock=lambda: NOW.replace(tzinfo=UTC)),
    ]
    for part in parts:
        part.start()
    yield got
    for part in reversed(parts):
        part.stop()


def failures(loop: str) -> float:
    return float(UNEXPECTED.labels(loop)._value.get())


@pytest.mark.parametrize(("loop", "table", "column"), [
    ("outbox", "outbox", "due"), ("housekeeping", "request", "created")])
def test_a_round_that_fails_is_not_the_last_one(
        calls: DatedCalls, loops: list[dict[str, Any]], loop: str, table: str, column: str,
        caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    before = failures(loop)
    calls.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO gone")
    wait_for(lambda: failures(loop) >= before + 2, what="two rounds that fail")
    calls.execute(f"ALTER TABLE {table} RENAME COLUMN gone TO {column}")
    assert "Unknown column" in caplog.text
    calls.execute("INSERT INTO outbox (kind, body, due, created) VALUES ('thing', '{\"number\": 1}', %s, %s)", NOW, NOW)
    calls.execute("INSERT INTO request (owner, id, answer, created) VALUES ('p', 'r', '', %s)", NOW - timedelta(days=9))
    wait_for(lambda: calls.rows("SELECT COUNT(*) FROM outbox") == [(0,)], what="the removal of what was delivered")
    wait_for(lambda: calls.rows("SELECT COUNT(*) FROM request") == [(0,)], what="the removal of old answers")
    assert loops == [{"number": 1}]
