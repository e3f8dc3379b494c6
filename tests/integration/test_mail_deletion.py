"""Mails are deleted with the commit of their claims, not before it."""

import secrets
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import gevent
import orjson
import pymysql
import pytest

from apps.local.backends import MariaDB
from apps.worker.mail_client import MailClient
from apps.worker.module import mail
from apps.worker.module.common import Reply
from apps.worker.worlds import World
from common.mysql import LOCK_WAIT, RETRIES
from common.mysql_url import connection_options
from tests.integration.mail_system import MAIL, mail_client, new_uid
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, at, dated_calls
from tests.support.waiting import wait_for

NOON = at("2030-01-05 12:00:00")
WORLD = World(id="s0", home="s0", name="s0", status=0)
LOCK_SECONDS = 1.0
GIFT, FRIEND_REQUEST = 1, 2


@pytest.fixture(scope="module")
def url(database_server: MariaDB) -> Iterator[str]:
    with backend_servers.empty_database(database_server, "lukseun_mail_deletion") as url:
        yield url


@pytest.fixture(scope="module")
def calls(url: str) -> Iterator[DatedCalls]:
    with dated_calls(url, LOCK_SECONDS) as calls:
        yield calls


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailClient]:
    with mail_client(tmp_path_factory.mktemp("mails") / "root") as mails:
        yield mails


def read_mail(calls: DatedCalls, mails: MailClient, uid: str, kind: int) -> str:
    """Give a player a mail with a claim, which has been read; return its key."""
    key = secrets.token_hex(16)
    calls.execute("INSERT INTO claim (mail, uid, type, payload, created) VALUES (%s, %s, %s, '{}', NOW())",
                  key, uid, kind)
    mails.send("s0", uid, key, MAIL | {"type": str(kind)})
    mails.mark_read("s0", uid, [key])
    return key


def keys_of(mails: MailClient, uid: str) -> list[str]:
    return [shown["key"] for shown in mails.all("s0", uid).mails]


def claims(calls: DatedCalls, uid: str) -> list[str]:
    return [key for (key,) in calls.rows("SELECT mail FROM claim WHERE uid = %s", uid)]


def deleted_by_the_outbox(calls: DatedCalls, uid: str) -> list[str]:
    rows = calls.rows("SELECT body FROM outbox WHERE kind = 'mail_delete'")
    return [key for (body,) in rows if (parcel := orjson.loads(body))["uid"] == uid for key in parcel["keys"]]


def while_locked(calls: DatedCalls, url: str, key: str, work: Any) -> Any:
    """Do something while somebody holds a claim, until a transaction has waited in vain and begun again."""
    retried = RETRIES.labels(LOCK_WAIT)._value.get
    before = retried()
    with closing(pymysql.connect(**connection_options(url, 5, 5))) as other:
        other.cursor().execute("SELECT mail FROM claim WHERE mail = %s FOR UPDATE", (key,))
        working = gevent.spawn(work)
        wait_for(lambda: retried() > before, what="a second try")
        other.rollback()
        return working.get()


@pytest.mark.parametrize("all_read", [True, False])
def test_a_request_that_begins_again_deletes_all_the_same(
        calls: DatedCalls, mails: MailClient, url: str, all_read: bool) -> None:
    uid = new_uid()
    key = read_mail(calls, mails, uid, FRIEND_REQUEST)
    function, fields = (mail.delete_read_mail, {}) if all_read else (mail.delete_mail, {"key": key})
    services = SimpleNamespace(mail=mails)
    reply: Reply = while_locked(calls, url, key, lambda: calls.call(
        function, uid, NOON, world=WORLD, services=services, **fields))
    assert (reply.data, claims(calls, uid)) == ({"keys": [key]}, [])
    assert keys_of(mails, uid) == [key]  # it goes with the commit, by the outbox
    assert deleted_by_the_outbox(calls, uid) == [key]


def test_gifts_that_are_not_claimed_and_mails_that_are_not_read_stay(calls: DatedCalls, mails: MailClient) -> None:
    uid = new_uid()
    read_mail(calls, mails, uid, GIFT)
    asked = read_mail(calls, mails, uid, FRIEND_REQUEST)
    mails.send("s0", uid, secrets.token_hex(16), MAIL)
    reply = calls.call(mail.delete_read_mail, uid, NOON, world=WORLD, services=SimpleNamespace(mail=mails))
    assert reply.data == {"keys": [asked]}
    assert len(mails.new("s0", uid).mails) == 1  # looking for what was read lists nothing
