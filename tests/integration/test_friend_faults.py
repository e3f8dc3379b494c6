"""Asking for friendship while the mail service is away, hearts around midnight, and what the list costs."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from apps.local.backends import MariaDB
from apps.local.ports import free_port
from apps.worker.module import friend
from apps.worker.module.common import Reply
from apps.worker.rules.friends import OpenRequests
from apps.worker.worlds import World
from common.mysql import Statements
from tests.integration.mail_system import closing_mails
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, at, dated_calls, wire

NOON = at("2030-01-05 12:00:00")
WORLD = World(id="s0", home="s0", name="s0", status=0)
WRITTEN = ("friend", "claim", "outbox", "limits", "timer", "achievement")


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_friends") as url, dated_calls(url) as calls:
        yield calls


@pytest.fixture
def no_mails() -> Iterator[SimpleNamespace]:
    """Services without a mail service: nobody listens at its address."""
    with closing_mails(f"http://127.0.0.1:{free_port()}") as mails:
        yield SimpleNamespace(mail=mails, open_requests=OpenRequests(100, 30))


def befriend(calls: DatedCalls, uid: str, other: str) -> None:
    for pair in ((uid, other), (other, uid)):
        calls.execute("INSERT INTO friend (uid, fid, since) VALUES (%s, %s, '2030-01-01')", *pair)


def written(calls: DatedCalls) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of all tables that a request writes to."""
    return {table: calls.rows(f"SELECT * FROM {table}") for table in WRITTEN}


def test_without_mails_nothing_stays_behind(calls: DatedCalls, no_mails: SimpleNamespace) -> None:
    ada, bea, before = calls.player(), calls.player(), written(calls)
    for _ in range(2):
        reply = calls.call(friend.request_friend, ada, NOON, gn_target=bea, world=WORLD, services=no_mails)
        assert (reply.status, reply.data) == (98, {})
    assert written(calls) == before


def test_hearts_follow_the_days_of_shanghai(calls: DatedCalls) -> None:
    ada, bea = calls.player(), calls.player()
    befriend(calls, ada, bea)

    def send(moment: str) -> int:
        return calls.call(friend.send_gift_friend, ada, at(moment), gn_target=bea, world=WORLD).status

    def collect(moment: str) -> object:
        reply = calls.call(friend.get_gifts_friend, ada, at(moment), gns=[bea], world=WORLD)
        assert isinstance(reply.data, dict)
        return reply.data["reward"]

    assert [send("2030-01-05 23:59:58"), send("2030-01-05 23:59:59")] == [0, 98]
    assert collect("2030-01-06 00:00:00") == "3:16:0"
    assert [send("2030-01-06 00:00:01"), send("2030-01-05 23:59:59")] == [0, 98]
    assert collect("2030-01-06 23:59:59") == "3:16:1"
    assert calls.rows("SELECT value FROM achievement WHERE uid = %s AND aid = 28", ada) == [(2,)]


def test_the_list_takes_one_statement_however_long_it_is(calls: DatedCalls) -> None:
    ada, others = calls.player(), [calls.player() for _ in range(5)]
    for other in others:
        befriend(calls, ada, other)

    def counted(db: Statements) -> tuple[Reply, int]:
        before = int(db.all("SHOW SESSION STATUS LIKE 'Questions'")[0][1])
        reply = friend.get_all_friend(uid=ada, db=db, now=NOON)  # type: ignore[call-arg]
        return reply, int(db.all("SHOW SESSION STATUS LIKE 'Questions'")[0][1]) - before - 1

    reply, statements = calls.database.read(counted)
    assert [row["gn"] for row in wire(reply)["friends"]] == sorted(others)
    assert statements == 1
