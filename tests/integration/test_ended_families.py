"""Families whose time to disband has come are removed although nobody touches them."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import gevent
import orjson
import pytest

from apps.local.backends import MariaDB
from apps.worker import housekeeping
from apps.worker.chores import FAMILIES, chores
from apps.worker.housekeeping import Housekeeping
from apps.worker.module import family
from apps.worker.module.enums import Item
from apps.worker.rules.family_members import CHAT_MEMBER
from apps.worker.rules.shanghai import SHANGHAI
from apps.worker.unit_of_work import Delivery
from common.mysql import Database
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, dated_calls

NOW = datetime(2030, 1, 2, 12, tzinfo=UTC)
RECORD = int(Item.FAMILY_COIN_RECORD)
NUMBERS = itertools.count(1)
[ENDING] = [chore for chore in chores(keep_answers=timedelta(hours=1), keep_requests=timedelta(days=1), rows=10)
            if chore.removed is FAMILIES]
AGO, LATER = timedelta(seconds=-1), timedelta(seconds=1)


class Kept:
    """Housekeeping on a database of its own connections, and what it told the chat."""

    def __init__(self, url: str) -> None:
        self.told: list[dict[str, Any]] = []
        self.database = Database(url, connections=8, connect_seconds=5, statement_seconds=5,
                                 pause=lambda number: gevent.sleep(0.01 * number))
        self._housekeeping = Housekeeping(self.database, self._deliver, [], seconds=10, lease=timedelta(minutes=1),
                                          clock=lambda: NOW)

    def end_families(self) -> int:
        """Remove what has ended; return how many families that were."""
        return sum(iter(lambda: self._housekeeping.do(ENDING), 0))

    def _deliver(self, deliveries: Sequence[Delivery]) -> None:
        assert {delivery.kind for delivery in deliveries} <= {CHAT_MEMBER}
        self.told += [delivery.body for delivery in deliveries]


@pytest.fixture(scope="module")
def url(database_server: MariaDB) -> Iterator[str]:
    with backend_servers.empty_database(database_server, "lukseun_ended_families") as url:
        yield url


@pytest.fixture(scope="module")
def calls(url: str) -> Iterator[DatedCalls]:
    with dated_calls(url) as calls:
        yield calls


@pytest.fixture
def kept(calls: DatedCalls, url: str) -> Iterator[Kept]:
    calls.execute("DELETE FROM family")
    kept = Kept(url)
    with closing(kept.database):
        yield kept


def found(calls: DatedCalls, end: timedelta | None, members: int = 3) -> tuple[str, list[str]]:
    """Make a family that ends at a time from now; return its id and its members, who have contributed 50."""
    name, uids = f"f{next(NUMBERS):08d}", sorted(calls.player() for _ in range(members))
    calls.execute("INSERT INTO family (id, world, name, name_key, owner, icon, disband, created) "
                  "VALUES (%s, 's0', %s, %s, %s, 1, %s, NOW())", name, name, name, uids[0],
                  None if end is None else (NOW + end).replace(tzinfo=None))
    for uid in uids:
        calls.execute("INSERT INTO family_member (uid, family, joined) VALUES (%s, %s, NOW())", uid, name)
        calls.execute("INSERT INTO item (uid, iid, value) VALUES (%s, %s, 50)", uid, RECORD)
    calls.execute("INSERT INTO family_request (mail, uid, family) VALUES (%s, 'p0', %s)", name, name)
    return name, uids


def left_of(calls: DatedCalls, name: str) -> int:
    """Return how many rows there are of a family."""
    return int(calls.rows(
        "SELECT (SELECT COUNT(*) FROM family WHERE id = %s) + (SELECT COUNT(*) FROM family_member WHERE family = %s) + "
        "(SELECT COUNT(*) FROM family_request WHERE family = %s)",
        *[name] * 3)[0][0])


def test_only_what_has_ended_is_removed(calls: DatedCalls, kept: Kept) -> None:
    (ended, members), (ending, _), (living, _) = (found(calls, end) for end in (AGO, LATER, None))
    assert kept.end_families() == 1
    assert [left_of(calls, name) for name in (ended, ending, living)] == [0, 5, 5]
    for uid in members:
        assert calls.balance(uid, RECORD) == 0
        assert calls.rows("SELECT amount, balance, reason FROM ledger WHERE uid = %s", uid) == [
            (-50, 0, housekeeping.REASON)]
    assert kept.end_families() == 0


def test_the_chat_is_told_what_a_members_own_look_tells(calls: DatedCalls, kept: Kept) -> None:
    _, members = found(calls, AGO)
    kept.end_families()
    [told] = kept.told
    calls.execute("DELETE FROM outbox")
    _, others = found(calls, AGO)
    assert calls.call(family.get_all_family, others[1], NOW.astimezone(SHANGHAI)).status == 99
    [by_look] = [orjson.loads(body) for [body] in calls.rows("SELECT body FROM outbox WHERE kind = %s", CHAT_MEMBER)]
    assert told == {**by_look, "uids": members, "time": told["time"]}
    assert (by_look["fn"], by_look["uids"]) == ("", others)


def test_several_at_once_end_each_family_once(calls: DatedCalls, kept: Kept) -> None:
    families = [found(calls, AGO) for _ in range(8)]
    greenlets = [gevent.spawn(kept.end_families) for _ in range(4)]
    gevent.joinall(greenlets, timeout=10, raise_error=True)
    assert sum(greenlet.get() for greenlet in greenlets) == len(families)
    assert sorted(body["uids"] for body in kept.told) == sorted(members for _, members in families)
    assert all(left_of(calls, name) == 0 for name, _ in families)


def test_a_family_that_is_in_use_is_passed_over(calls: DatedCalls, kept: Kept) -> None:
    (used, _), (free, _) = found(calls, AGO + AGO), found(calls, AGO)

    def use(db: Any) -> int:
        db.one("SELECT id FROM family WHERE id = %s FOR UPDATE", used)
        return kept.end_families()

    assert calls.database.transaction(use) == 1
    assert (left_of(calls, used), left_of(calls, free)) == (5, 0)
    assert kept.end_families() == 1
