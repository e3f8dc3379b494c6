"""Long lists take as many SQL statements as short ones."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from apps.local.backends import MariaDB
from apps.worker.mail_client import MailClient
from apps.worker.module import family, friend, mail
from apps.worker.module.common import Reply
from apps.worker.module.enums import FamilyHistoryKeys
from apps.worker.rules import cards, families, family_news
from apps.worker.rules.shanghai import SHANGHAI
from apps.worker.unit_of_work import Work
from apps.worker.worlds import World
from common.mysql import Row, Statements
from tests.integration.mail_system import MAIL, mail_client
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, dated_calls, wire

NOW = datetime(2030, 1, 2, 12, tzinfo=UTC).astimezone(SHANGHAI)
WORLD = World("s0", "s0", "", 0)
SHORT, LONG = 2, 50
CROWD = 2000
FIXED_ROWS = 100
"""Far fewer than the rows of other players."""


class Counted(Statements):
    """Counts statements; ``value`` is one of ``one``."""

    count = 0

    def one(self, statement: str, *values: object) -> Row | None:
        self.count += 1
        return super().one(statement, *values)

    def all(self, statement: str, *values: object) -> Sequence[Row]:
        self.count += 1
        return super().all(statement, *values)


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_lists") as url, dated_calls(url) as calls:
        yield calls


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailClient]:
    with mail_client(tmp_path_factory.mktemp("mails") / "root") as mails:
        yield mails


def counted(calls: DatedCalls, function: Callable[..., Reply], uid: str, **tools: object) -> tuple[Reply, int]:
    """Return the reply of a function that reads, and how many statements it ran."""
    def work(db: Statements) -> tuple[Reply, int]:
        counting = Counted(db.connection)
        return function(uid=uid, db=counting, now=NOW, **tools), counting.count

    return calls.database.read(work)


def with_friends(calls: DatedCalls, number: int) -> str:
    """Return a player with friends, each of whom has a family."""
    uid = calls.player()
    for _ in range(number):
        other = calls.player()
        with_family(calls, 1, other)
        calls.execute("INSERT INTO friend (uid, fid, since, heart) VALUES (%s, %s, '2030-01-01', '2030-01-02')", uid,
                      other)
    return uid


def with_family(calls: DatedCalls, number: int, owner: str = "") -> str:
    """Return the owner of a family with so many members."""
    owner = owner or calls.player()
    calls.execute("INSERT INTO family (id, world, name, name_key, owner, icon, created) "
                  "VALUES (%s, 's0', %s, %s, %s, 1, NOW())", *[owner] * 4)
    for uid in (owner, *(calls.player() for _ in range(number - 1))):
        calls.execute("INSERT INTO family_member (uid, family, joined) VALUES (%s, %s, NOW())", uid, owner)
        calls.database.transaction(lambda tx, uid=uid: cards.copy_membership(tx, [uid]))  # type: ignore[misc]
        calls.call(_note, owner, NOW)
    return owner


def _note(uid: str, db: Work, now: datetime, **_: object) -> Reply:
    membership = families.membership(db, uid, now)
    assert membership is not None
    family_news.note(db, membership.family, FamilyHistoryKeys.LEAVE, "x")
    return Reply(0, "noted")


def test_friends(calls: DatedCalls) -> None:
    (short, few), (long, many) = (
        counted(calls, friend.get_all_friend, with_friends(calls, number)) for number in (SHORT, LONG))
    assert [len(lists(reply)["friends"]) for reply in (short, long)] == [SHORT, LONG]
    assert few == many == 1


def test_a_family(calls: DatedCalls) -> None:
    (short, few), (long, many) = (
        counted(calls, family.get_all_family, with_family(calls, number)) for number in (SHORT, LONG))
    assert [len(lists(reply)["members"]) for reply in (short, long)] == [SHORT, LONG]
    assert few == many == 1


@pytest.mark.parametrize(("number", "shown"), [(-(2**63), 1), (0, 1), (1, 1), (5, 5), (50, 50), (51, 50), (2**63, 50)])
def test_families_by_chance(calls: DatedCalls, number: int, shown: int) -> None:
    while calls.rows("SELECT COUNT(*) FROM family WHERE world = 's0'")[0][0] < LONG + 5:
        with_family(calls, 1)
    reply, statements = counted(calls, family.get_random_family, "", number=number, world=WORLD, random=Random(number))
    names = [info["name"] for info in lists(reply)["families"]]
    assert (len(names), len(set(names)), statements) == (shown, shown, 1)


@pytest.fixture(scope="module")
def crowd(calls: DatedCalls) -> None:
    """Many players who are friends of one another, and send one another hearts."""
    uids = [f"q{number:07}" for number in range(CROWD)]
    calls.database.transaction(lambda tx: tx.many(
        "INSERT INTO player (uid, account, origin, world, gn, gn_key, icon, energy, exp, created) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [(uid, uid, "s0", "s0", uid, uid, "0", 0, 0, NOW.replace(tzinfo=None)) for uid in uids]))
    pairs = [(uid, uids[(number + step) % CROWD], "2030-01-01") for number, uid in enumerate(uids) for step in (1, 2)]
    for statement in ("INSERT INTO friend (uid, fid, since) VALUES (%s, %s, %s)",
                      "INSERT INTO heart (uid, fid, day) VALUES (%s, %s, %s)"):
        calls.database.transaction(lambda tx, statement=statement: tx.many(statement, pairs))  # type: ignore[misc]
    for table in ("player", "friend", "heart"):
        calls.rows(f"ANALYZE TABLE {table}")


@pytest.mark.usefixtures("crowd")
def test_hearts_to_all_friends(calls: DatedCalls) -> None:
    few, many = (hearts_to_all(calls, number) for number in (SHORT, LONG))
    assert few.statements == many.statements
    assert few.rows < 10 * SHORT + FIXED_ROWS
    assert many.rows < 10 * LONG + FIXED_ROWS


class Cost(NamedTuple):
    """What a call asks of the database: statements, and rows that these look at."""

    statements: int
    rows: int


def hearts_to_all(calls: DatedCalls, number: int) -> Cost:
    """Return what hearts to so many friends cost."""
    uid = with_friends(calls, number)
    cost: list[Cost] = []

    def work(db: Work, **tools: Any) -> Reply:
        idle, before = cost_so_far(db), cost_so_far(db)  # looking costs something, too
        reply = friend.send_gift_all(db=db, **tools)
        after = cost_so_far(db)
        cost.append(Cost(*(last - 2 * middle + first for last, middle, first in zip(after, before, idle, strict=True))))
        assert isinstance(reply.data, list)
        assert len(reply.data) == number
        return reply

    calls.call(work, uid, NOW)
    return cost[0]


def cost_so_far(db: Statements) -> Cost:
    rows = db.all("SHOW SESSION STATUS WHERE Variable_name = 'Questions' OR Variable_name LIKE %s", "Handler_read_%")
    counts = {name: int(value) for name, value in rows}
    return Cost(counts.pop("Questions"), sum(counts.values()))


def test_mails(calls: DatedCalls, mails: MailClient) -> None:
    counts = []
    for number in (SHORT, LONG):
        uid = f"uidmails{number:04}"
        for key in range(number):
            mails.send("s0", uid, f"{key:020}", MAIL)
        reply, count = counted(calls, mail.get_all_mail, uid, services=SimpleNamespace(mail=mails),
                               world=WORLD)
        assert len(lists(reply)["mail"]) == number
        counts.append(count)
    assert counts == [0, 0]


@pytest.mark.parametrize("text", [
    "", "你好 💎", "\"quoted\" 'and' `so`", "a\\b\\n", "100 % {}", "[1,2]", "null", "é\u200d\u0301"])
def test_texts_come_back_as_they_are(calls: DatedCalls, text: str) -> None:
    uid = with_friends(calls, 1)
    [[friend_uid]] = calls.rows("SELECT fid FROM friend WHERE uid = %s", uid)
    calls.execute("UPDATE player SET intro = %s WHERE uid = %s", text, friend_uid)
    calls.execute("UPDATE family SET notice = %s, board = %s WHERE owner = %s", text, f"{text}\n{text}", friend_uid)
    [shown] = lists(counted(calls, friend.get_all_friend, uid)[0])["friends"]
    assert (shown["intro"], shown["fid"]) == (text, friend_uid)
    page: dict[str, Any] = lists(counted(calls, family.get_all_family, friend_uid)[0])
    assert (page["notice"], page["board"]) == (text, f"{text}\n{text}")


def lists(reply: Reply) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = wire(reply)
    return found
