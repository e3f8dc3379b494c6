"""Requests that nobody answers end by themselves, with their mails, and a player has a bounded number of them."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import timedelta
from types import SimpleNamespace

import gevent
import pytest

from apps.local.backends import MariaDB
from apps.worker.chores import Chore, chores
from apps.worker.housekeeping import Housekeeping
from apps.worker.mail_client import MailClient
from apps.worker.module import friend
from apps.worker.module.enums import MailType
from apps.worker.rules import family_requests, friends, letters
from apps.worker.rules.families import Family
from apps.worker.rules.family_counters import Used
from apps.worker.rules.friends import OpenRequests
from apps.worker.rules.letters import Recipient
from apps.worker.unit_of_work import Delivery, Work
from apps.worker.worlds import World
from tests.integration.mail_system import MAIL, mail_client, new_uid
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, at, dated_calls, wire

WORLD = World(id="s0", home="s0", name="s0", status=0)
NOON = at("2030-02-05 12:00:00")
KEEP = timedelta(days=30)
TOO_OLD, YOUNG = NOON - KEEP - timedelta(seconds=1), NOON - KEEP
OAKS = Family("f1", "s0", "Oaks", "p1", 1, 0, "", "", None, NOON.replace(tzinfo=None), Used(None))
CHORES = chores(keep_answers=timedelta(hours=1), keep_requests=KEEP, rows=500)
TABLES = ("player", "friend", "claim", "outbox", "family_request")
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def module_calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_open_requests") as url, dated_calls(url) as calls:
        yield calls


@pytest.fixture
def calls(module_calls: DatedCalls) -> DatedCalls:
    for table in TABLES:
        module_calls.execute(f"DELETE FROM {table}")
    return module_calls


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailClient]:
    with mail_client(tmp_path_factory.mktemp("mails") / "root") as mails:
        yield mails


class House:
    """Housekeeping at noon, and what it brought to mailboxes."""

    def __init__(self, calls: DatedCalls) -> None:
        self.deleted: list[tuple[str, str]] = []
        self.batches: list[int] = []
        self._keeping = Housekeeping(calls.database, self._deliver, CHORES, seconds=10, lease=timedelta(minutes=1),
                                     clock=lambda: NOON)

    def clean(self) -> None:
        for chore in CHORES:
            self._finish(chore)

    def _finish(self, chore: Chore) -> None:
        while (count := self._keeping.do(chore)) == chore.batch:
            self.batches.append(count)
        self.batches.append(count)

    def _deliver(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            assert delivery.kind == letters.DELETED
            assert delivery.body["world"] == WORLD.home
            self.deleted += [(delivery.body["uid"], key) for key in delivery.body["keys"]]


def ask(calls: DatedCalls, sender: str, target: str, moment: object = NOON) -> str:
    """Write a friend request of a moment; return the key of its mail."""
    def work(uid: str, db: Work, **_: object) -> object:
        friends.ask(db, uid, Recipient(target, WORLD.home))
        return SimpleNamespace()

    calls.call(work, sender, moment)  # type: ignore[arg-type]
    [[key]] = calls.rows("SELECT mail FROM friend WHERE uid = %s AND fid = %s", sender, target)
    return str(key)


def rows(calls: DatedCalls) -> list[int]:
    """Return how many requests there are, and how many claims."""
    return [int(calls.rows(f"SELECT COUNT(*) FROM {table}")[0][0]) for table in ("friend", "claim", "family_request")]


def at_utc(calls: DatedCalls) -> None:
    """``DatedCalls`` writes the time of Shanghai where the worker writes UTC: shift it."""
    calls.execute("UPDATE claim SET created = created - INTERVAL 8 HOUR")
    calls.execute("UPDATE friend SET asked = asked - INTERVAL 8 HOUR")


def test_old_friend_requests_end_with_their_mails(calls: DatedCalls) -> None:
    ada, bea, cid = (calls.player() for _ in range(3))
    old = ask(calls, ada, bea, TOO_OLD)
    ask(calls, bea, cid, YOUNG)
    at_utc(calls)
    house = House(calls)
    house.clean()
    assert (rows(calls), house.deleted) == ([1, 1, 0], [(bea, old)])
    assert calls.rows("SELECT fid FROM friend") == [(cid,)]


def test_refused_and_withdrawn_requests_end_too(calls: DatedCalls) -> None:
    ada, bea, cid = (calls.player() for _ in range(3))
    refused, withdrawn = ask(calls, ada, bea, TOO_OLD), ask(calls, ada, cid, TOO_OLD)
    calls.database.transaction(lambda tx: letters.void(tx, bea, [refused]))
    calls.database.transaction(lambda tx: friends.part(tx, ada, cid))
    at_utc(calls)
    house = House(calls)
    house.clean()
    assert (rows(calls), house.deleted) == ([0, 0, 0], [(cid, withdrawn)])


def test_friends_and_gifts_do_not_end(calls: DatedCalls) -> None:
    ada, bea = calls.player(), calls.player()
    ask(calls, ada, bea, TOO_OLD)
    calls.execute("UPDATE claim SET type = %s", int(MailType.GIFT))
    calls.database.transaction(lambda tx: friends.befriend(tx, ada, bea, TOO_OLD.date()))
    calls.execute("UPDATE friend SET asked = '2020-01-01'")
    house = House(calls)
    house.clean()
    assert (rows(calls), house.deleted) == ([2, 1, 0], [])


def test_old_invitations_and_applications_end(calls: DatedCalls) -> None:
    ada, bea, cid = (calls.player() for _ in range(3))

    def work(db: Work, now: object, **_: object) -> object:
        family_requests.invite(db, OAKS, Recipient(bea, WORLD.home))
        if now == TOO_OLD:
            family_requests.apply(db, OAKS, cid, "Cid", [Recipient(ada, WORLD.home), Recipient(bea, WORLD.home)])
        return SimpleNamespace()

    for moment in (TOO_OLD, YOUNG):
        calls.call(work, ada, moment)
    at_utc(calls)
    house = House(calls)
    house.clean()
    assert sorted(owner for owner, _ in house.deleted) == sorted([ada, bea, bea])
    assert rows(calls) == [0, 1, 1]


def test_many_end_in_bounded_batches(calls: DatedCalls) -> None:
    bea = calls.player()
    keys = [ask(calls, calls.player(), bea, TOO_OLD) for _ in range(230)]
    at_utc(calls)
    house = House(calls)
    house.clean()
    assert [count for count in house.batches if count] == [100, 100, 30]
    assert sorted(house.deleted) == sorted((bea, key) for key in keys)
    assert rows(calls) == [0, 0, 0]


def test_a_request_that_is_being_answered_is_passed_over(calls: DatedCalls) -> None:
    ada, bea = calls.player(), calls.player()
    key = ask(calls, ada, bea, TOO_OLD)
    at_utc(calls)
    house = House(calls)

    def answer(uid: str, **tools: object) -> object:
        reply = friend.respond_friend(uid, key, world=WORLD, **tools)  # type: ignore[arg-type]
        gevent.spawn(house.clean).join()
        return reply

    assert calls.call(answer, bea, NOON).status == 0
    assert calls.rows("SELECT COUNT(*) FROM friend WHERE since IS NOT NULL") == [(2,)]
    assert house.deleted == []


def test_answering_and_ending_at_once_leave_two_friends_or_nothing(calls: DatedCalls) -> None:
    pairs = [(calls.player(), calls.player()) for _ in range(10)]
    keys = [ask(calls, *pair, TOO_OLD) for pair in pairs]
    at_utc(calls)
    house = House(calls)
    answers = [gevent.spawn(calls.call, friend.respond_friend, bea, NOON, key=key, world=WORLD)
               for (_, bea), key in zip(pairs, keys, strict=True)]
    house.clean()
    gevent.joinall(answers, raise_error=True)
    agreed = [answer.get().status for answer in answers].count(0)
    assert rows(calls) == [2 * agreed, 0, 0]
    assert len(house.deleted) == 10 - agreed


def test_a_mail_that_is_deleted_before_it_arrives_does_not_come_later(mails: MailClient) -> None:
    uid, key = new_uid(), "k" * 20
    mails.send("s0", uid, "o" * 20, MAIL)
    assert mails.delete("s0", uid, [key]) == []
    mails.send("s0", uid, key, MAIL)
    assert mails.keys("s0", uid) == ["o" * 20]


def request(calls: DatedCalls, mails: MailClient, sender: str, target: str, *, sent: int, received: int) -> int:
    services = SimpleNamespace(mail=mails, open_requests=OpenRequests(sent, received))
    return calls.call(friend.request_friend, sender, NOON, gn_target=target, world=WORLD, services=services).status


def test_only_so_many_requests_of_a_player_are_open(calls: DatedCalls, mails: MailClient) -> None:
    ada, others = calls.player(), [calls.player() for _ in range(3)]
    statuses = [request(calls, mails, ada, other, sent=2, received=9) for other in others]
    assert statuses == [0, 0, 96]
    calls.database.transaction(lambda tx: friends.befriend(tx, ada, others[0], NOON.date()))
    assert request(calls, mails, ada, others[2], sent=2, received=9) == 0


def test_only_so_many_requests_wait_for_a_player_even_at_once(calls: DatedCalls, mails: MailClient) -> None:
    ada, others = calls.player(), [calls.player() for _ in range(5)]
    asking = [gevent.spawn(request, calls, mails, other, ada, sent=9, received=2) for other in others]
    gevent.joinall(asking, raise_error=True)
    assert sorted(one.get() for one in asking) == [0, 0, 94, 94, 94]
    [[key]] = calls.rows("SELECT mail FROM claim LIMIT 1")
    calls.database.transaction(lambda tx: letters.void(tx, ada, [key]))
    assert request(calls, mails, calls.player(), ada, sent=9, received=2) == 0


@pytest.mark.parametrize("number", [399, 400, 2500])
def test_the_list_works_whatever_the_number_is(calls: DatedCalls, number: int) -> None:
    ada = calls.player()
    names = [f"p{next(NUMBERS):07d}" for _ in range(number)]
    calls.database.transaction(lambda tx: tx.many(
        "INSERT INTO player (uid, account, origin, world, gn, gn_key, icon, intro, energy, exp, created) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [(name, name, "s0", "s0", name, name, "0", "💎" * 128, 0, 0, NOON.replace(tzinfo=None)) for name in names]))
    calls.database.transaction(lambda tx: tx.many(
        "INSERT INTO friend (uid, fid) VALUES (%s, %s)", [(ada, name) for name in names]))
    reply = calls.call(friend.get_all_friend, ada, NOON)
    assert [line["gn"] for line in wire(reply)["friends"]] == names

