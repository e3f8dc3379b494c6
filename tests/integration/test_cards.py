"""Cards of players: what others see follows what a player has, whatever changes it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
import pymysql
import pytest

from apps.local.backends import MariaDB
from apps.local.processes import ROOT
from apps.migrate import migrations
from apps.worker import ledger
from apps.worker.module.common import Function, Reply, ok
from apps.worker.module.enums import Item
from apps.worker.rules import family_page, items, logins, shared_items
from apps.worker.rules.cards import Card
from apps.worker.rules.shanghai import SHANGHAI
from apps.worker.unit_of_work import Work
from common.mysql_url import connection_options
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, dated_calls

NOW = datetime(2030, 1, 2, 12, tzinfo=UTC).astimezone(SHANGHAI)
COINS, RECORD, OTHER = (items.item(iid, 5) for iid in (Item.FAMILY_COIN, Item.FAMILY_COIN_RECORD, Item.COIN))
NAME = "名" * 64
WITH_CARDS = 9


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_cards") as url, dated_calls(url) as calls:
        yield calls


def card(calls: DatedCalls, uid: str) -> Card:
    [[text]] = calls.rows("SELECT card FROM player WHERE uid = %s", uid)
    shown: Card = tuple(orjson.loads(text))
    return shown


def grant_items(uid: str, db: Work, **_: object) -> Reply:
    items.grant(db, uid, [COINS, RECORD, OTHER, COINS])
    return ok()


def pay_items(uid: str, db: Work, **_: object) -> Reply:
    items.pay(db, uid, [items.item(Item.FAMILY_COIN, 3)])
    return ok()


def grant_to_all(uid: str, db: Work, **_: object) -> Reply:
    shared_items.grant_to_all(db, [uid], [COINS, OTHER])
    return ok()


def clear_record(uid: str, db: Work, **_: object) -> Reply:
    shared_items.clear(db, [uid], Item.FAMILY_COIN_RECORD)
    return ok()


def log_in(uid: str, db: Work, now: datetime, **_: object) -> Reply:
    logins.record(db, uid, now)
    return ok()


@pytest.mark.parametrize(("functions", "coins", "record"), [
    ([grant_items], 10, 5), ([grant_items, pay_items], 7, 5), ([grant_to_all], 5, 0),
    ([grant_items, clear_record], 10, 0), ([clear_record], 0, 0),
    ([grant_items, grant_to_all, pay_items, clear_record, grant_items], 22, 5)])
def test_a_card_shows_the_balances_of_its_player_and_of_no_other(
        calls: DatedCalls, functions: list[Function], coins: int, record: int) -> None:
    uid, neighbour = calls.player(), calls.player()
    for function in functions:
        assert calls.call(function, uid, NOW).status == 0
    assert card(calls, uid)[-2:] == (coins, record)
    assert (calls.balance(uid, Item.FAMILY_COIN), calls.balance(uid, Item.FAMILY_COIN_RECORD)) == (coins, record)
    assert card(calls, neighbour)[-2:] == (0, 0)
    assert calls.database.read(lambda db: list(ledger.verify(db))) == []


def test_a_card_shows_the_first_login_of_the_latest_day(calls: DatedCalls) -> None:
    uid = calls.player()
    assert card(calls, uid)[4] == ""
    for day, shown in ((2, "2030-01-02 20:00:00"), (2, "2030-01-02 20:00:00"), (5, "2030-01-05 20:00:00")):
        calls.call(log_in, uid, NOW.replace(day=day))
        assert card(calls, uid)[4] == shown


@pytest.mark.parametrize("intro", ["", "\"it's\" a \\ 名 💎\n", "\x01" * 128, "💎" * 128])
def test_a_card_holds_whatever_its_player_writes(calls: DatedCalls, intro: str) -> None:
    uid = calls.player()
    calls.execute("UPDATE player SET gn = %s, icon = '7', exp = %s, intro = %s WHERE uid = %s", NAME, 2**63, intro, uid)
    assert card(calls, uid) == (NAME, "7", 2**63, intro, "", uid, 0, None, 0, 0)


def test_a_copy_that_is_wrong_is_named(calls: DatedCalls) -> None:
    uid = calls.player()
    calls.execute("UPDATE player SET family_coin = 4 WHERE uid = %s", uid)
    assert [str(found) for found in calls.database.read(lambda db: list(ledger.verify(db)))] == [
        f"{uid} 3:36: the card shows something else: held 4, owned 0"]
    calls.execute("UPDATE player SET family_coin = 0 WHERE uid = %s", uid)


def test_the_migration_brings_everything_along(database_url: str) -> None:
    steps = migrations.read(ROOT / "conf" / "migrations")
    with pymysql.connect(**connection_options(database_url, 5, 5) | {"autocommit": True}) as connection:
        migrations.apply(connection, steps[:WITH_CARDS - 1])
        with connection.cursor() as cursor:
            for statement in (
                "INSERT INTO player (uid, account, origin, world, gn, gn_key, icon, energy, exp, created) "
                "VALUES ('a', 'a', 's0', 's0', 'Ada', 'ada', '1', 0, 7, NOW()), "
                "('b', 'b', 's0', 's0', 'B', 'b', '2', 0, 0, NOW())",
                "INSERT INTO item (uid, iid, value) VALUES ('a', 36, 3), ('a', 37, 4), ('a', 1, 5)",
                "INSERT INTO timer (uid, tid, time) VALUES ('a', 12, '2030-01-02 08:00:00'), ('a', 13, '2030-01-03')",
                "INSERT INTO family (id, world, name, name_key, owner, icon, created) "
                "VALUES ('f', 's0', 'Oaks', 'oaks', 'a', 1, NOW()), ('g', 's0', 'Elms', 'elms', 'b', 1, NOW())",
                "INSERT INTO family_member (uid, family, joined) VALUES ('a', 'f', NOW()), ('b', 'g', NOW())",
                "INSERT INTO family_news (family, message, created) "
                "VALUES ('f', 'fm_5:Ada', '2030-01-01 20:00:00.999'), ('f', 'fm_0:\"B', '2030-01-01 20:00:00.999')",
            ):
                cursor.execute(statement)
        migrations.apply(connection, steps)
    with dated_calls(database_url) as calls:
        [full, empty] = calls.database.read(lambda db: [family_page.of(db, uid) for uid in ("a", "b")])
    assert full is not None
    assert empty is not None
    assert full.members == [{"gn": "Ada", "icon": "1", "family_role": 10, "exp": 7, "login": "2030-01-02 08:00:00",
                             "family_coin": 3, "family_coin_record": 4}]
    assert full.news == [["2030-01-02 04:00:00", "fm_5:Ada"], ["2030-01-02 04:00:00", 'fm_0:"B']]
    assert (empty.members[0]["login"], empty.members[0]["family_coin"], empty.news) == ("", 0, [])
