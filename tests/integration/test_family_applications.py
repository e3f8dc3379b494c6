"""Applications to families with many officials, whose mailboxes are looked at together."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from apps.local.backends import MariaDB
from apps.worker.module import family_joining
from apps.worker.module.enums import FamilyRole
from apps.worker.worlds import World
from common.http_client import REQUESTS
from tests.integration.mail_system import MAIL, MailProcess, closing_mails, new_uid
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, at, dated_calls

NOON = at("2030-01-05 12:00:00")
WORLD = World(id="s0", home="s0", name="s0", status=0)
GROWN_EXP = 20_000
OFFICIALS = 50
FAMILY = "f000000000000001"


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_applications") as url, dated_calls(url) as calls:
        yield calls


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailProcess]:
    process = MailProcess(tmp_path_factory.mktemp("mails") / "root")
    try:
        yield process.start()
    finally:
        process.kill()


@pytest.fixture
def officials(calls: DatedCalls) -> Iterator[list[str]]:
    """The owner and the admins of a family, which goes away with the test."""
    uids = sorted(new_uid() for _ in range(OFFICIALS))
    calls.execute("INSERT INTO family (id, world, name, name_key, owner, icon, created) "
                  "VALUES (%s, 's0', 'Oaks', 'oaks', %s, 1, NOW())", FAMILY, uids[0])
    for uid in uids:
        calls.execute("INSERT INTO family_member (uid, family, role, joined) VALUES (%s, %s, %s, NOW())", uid, FAMILY,
                      int(FamilyRole.ADMIN))
    yield uids
    for table in ("family", "family_member", "claim", "outbox"):
        calls.execute(f"DELETE FROM {table}")


def apply(calls: DatedCalls, service: MailProcess) -> tuple[int, float]:
    """Apply; return the status, and how many calls of the mail service that took."""
    uid = calls.player()
    calls.execute("UPDATE player SET exp = %s WHERE uid = %s", GROWN_EXP, uid)
    asked = REQUESTS.labels("mail", "ok")._value.get
    before = asked()
    with closing_mails(f"http://127.0.0.1:{service.port}") as mails:
        reply = calls.call(family_joining.request_join_family, uid, NOON, name="Oaks", world=WORLD,
                           services=SimpleNamespace(mail=mails))
    return reply.status, asked() - before


def asked_officials(calls: DatedCalls) -> list[str]:
    return sorted(uid for (uid,) in calls.rows("SELECT uid FROM claim"))


def test_fifty_officials_take_a_few_calls(calls: DatedCalls, service: MailProcess, officials: list[str]) -> None:
    status, asked = apply(calls, service)
    assert (status, asked_officials(calls)) == (0, officials)
    assert asked <= 4


def test_a_mailbox_that_cannot_be_looked_at_stops_no_other(
        calls: DatedCalls, service: MailProcess, officials: list[str]) -> None:
    broken, full, *others = officials
    with closing_mails(f"http://127.0.0.1:{service.port}") as mails:
        for number in range(50):
            mails.send("s0", full, f"{number:020}", MAIL)
    (service.root / "s0" / broken).symlink_to(service.root / "s0" / full)
    assert apply(calls, service)[0] == 0
    assert asked_officials(calls) == others


def test_an_application_that_reaches_nobody_is_refused(
        calls: DatedCalls, service: MailProcess, officials: list[str]) -> None:
    service.kill()
    try:
        assert apply(calls, service)[0] == 97
        assert asked_officials(calls) == []
    finally:
        service.start()
