"""What the chat is told of families comes in the order in which it happened, whenever the requests had begun."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from types import SimpleNamespace

import orjson
import pytest

from apps.local.backends import MariaDB
from apps.worker.module import family, family_admin, family_joining
from apps.worker.rules import utc
from apps.worker.worlds import World
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, at, dated_calls

NOON = at("2030-01-05 12:00:00")
WORLD = World(id="s0", home="s0", name="s0", status=0)
GROWN_EXP = 20_000
FAMILY, KEY = "f000000000000001", "k" * 32


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_family_order") as url, dated_calls(url) as calls:
        yield calls


def grown(calls: DatedCalls) -> str:
    """Return a player of a level that families take."""
    uid = calls.player()
    calls.execute("UPDATE player SET exp = %s WHERE uid = %s", GROWN_EXP, uid)
    return uid


@pytest.fixture
def owner(calls: DatedCalls) -> Iterator[str]:
    """The owner and only member of a family, which goes away with the test."""
    uid = grown(calls)
    calls.execute("INSERT INTO family (id, world, name, name_key, owner, icon, created) "
                  "VALUES (%s, 's0', 'Oaks', 'oaks', %s, 1, NOW())", FAMILY, uid)
    calls.execute("INSERT INTO family_member (uid, family, joined) VALUES (%s, %s, NOW())", uid, FAMILY)
    yield uid
    for table in ("family", "family_member"):
        calls.execute(f"DELETE FROM {table}")


def applied(calls: DatedCalls, owner: str) -> str:
    """Return a player who has applied to the family."""
    candidate = grown(calls)
    payload = orjson.dumps({"uid_target": candidate, "family": FAMILY}).decode()
    calls.execute("INSERT INTO claim (mail, uid, type, payload, created) VALUES (%s, %s, 3, %s, NOW())",
                  KEY, owner, payload)
    calls.execute("INSERT INTO family_request (mail, uid, family) VALUES (%s, %s, %s)", KEY, candidate, FAMILY)
    return candidate


def test_who_was_let_in_and_removed_at_once_is_out_for_the_chat(calls: DatedCalls, owner: str) -> None:
    """The removal had come first, and waited until the candidate had been let in."""
    candidate = applied(calls, owner)
    assert calls.call(family_joining.respond_family, owner, NOON, key=KEY, world=WORLD).status == 0
    earlier = NOON - timedelta(seconds=1)
    assert calls.call(family_admin.remove_user_family, owner, earlier, gn_target=candidate, world=WORLD).status == 0
    rows = calls.rows("SELECT body FROM outbox WHERE kind = 'chat_member' ORDER BY id")
    told = [change for (body,) in rows if candidate in (change := orjson.loads(body))["uids"]]
    assert [change["fn"] for change in told] == ["Oaks", ""]
    assert told[0]["time"] <= told[1]["time"]


class LateMail:
    """A mail service that answers after something else has happened."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._meanwhile = meanwhile

    def has_room(self, world: str, uid: str) -> bool:  # what the functions ask
        return self.have_room([(world, uid)])[0]

    def have_room(self, boxes: Sequence[tuple[str, str]]) -> list[bool]:
        self._meanwhile()
        return [True for _ in boxes]


def test_applying_to_a_family_that_ends_meanwhile_leaves_nothing(calls: DatedCalls, owner: str) -> None:
    candidate = grown(calls)

    def end() -> None:
        calls.execute("UPDATE family SET disband = %s WHERE id = %s", utc.stored(NOON), FAMILY)
        assert calls.call(family.get_all_family, owner, NOON + timedelta(seconds=1), world=WORLD).status == 99

    services = SimpleNamespace(mail=LateMail(end))
    reply = calls.call(family_joining.request_join_family, candidate, NOON - timedelta(days=1), name="Oaks",
                       world=WORLD, services=services)
    assert reply.status == 98
    for table in ("claim", "family_request", "limits", "timer"):
        assert calls.rows(f"SELECT * FROM {table} WHERE uid IN (%s, %s)", owner, candidate) == []


def test_a_family_that_is_renamed_while_the_mail_service_is_asked_invites_under_its_new_name(
        calls: DatedCalls, owner: str) -> None:
    target = grown(calls)
    services = SimpleNamespace(mail=LateMail(lambda: rename(calls, "Elms")))
    assert calls.call(family_joining.invite_user_family, owner, NOON, gn_target=target, world=WORLD,
                      services=services).status == 0
    assert sender_of_mail(calls, target) == "Elms"


def test_who_applies_to_a_family_that_is_renamed_meanwhile_is_told_its_new_name(calls: DatedCalls, owner: str) -> None:
    services = SimpleNamespace(mail=LateMail(lambda: rename(calls, "Yews")))
    reply = calls.call(family_joining.request_join_family, grown(calls), NOON, name="Oaks", world=WORLD,
                       services=services)
    assert isinstance(reply.data, dict)
    assert (reply.status, reply.data["name"]) == (0, "Yews")


def rename(calls: DatedCalls, name: str) -> None:
    calls.execute("UPDATE family SET name = %s, name_key = %s WHERE id = %s", name, name.casefold(), FAMILY)


def sender_of_mail(calls: DatedCalls, uid: str) -> str:
    """Return from whom the only mail to a player is, which waits in the outbox."""
    rows = calls.rows("SELECT body FROM outbox WHERE kind = 'mail'")
    [mail] = [parcel["mail"] for (body,) in rows if (parcel := orjson.loads(body))["uid"] == uid]
    return str(mail["from"])
