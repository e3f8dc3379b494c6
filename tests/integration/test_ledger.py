"""The ledger at the largest balance: it notes what a player really got, however much was granted."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from apps.local.backends import MariaDB
from apps.worker import ledger
from apps.worker.module.common import Function, Reply, ok
from apps.worker.module.enums import Armor, Group, Item, Role, Weapon
from apps.worker.rules import items, shared_items
from apps.worker.rules.items import LARGEST_BALANCE, Amount
from apps.worker.unit_of_work import Work
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, dated_calls

NOW = datetime(2030, 1, 2, 12, tzinfo=UTC)
FIRST = {Group.ITEM: Item.COIN, Group.WEAPON: next(iter(Weapon)), Group.ROLE: next(iter(Role)),
         Group.ARMOR: next(iter(Armor))}


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_ledger") as url, dated_calls(url) as calls:
        yield calls


def granted(*gains: Amount) -> Function:
    def grant(uid: str, db: Work, **_: object) -> Reply:
        items.grant(db, uid, gains)
        return ok()

    return grant


def granted_to_all(*gains: Amount) -> Function:
    def grant(uid: str, db: Work, **_: object) -> Reply:
        shared_items.grant_to_all(db, [uid], gains)
        return ok()

    return grant


def noted(calls: DatedCalls, uid: str) -> list[int]:
    return [amount for (amount,) in calls.rows("SELECT amount FROM ledger WHERE uid = %s ORDER BY id", uid)]


@pytest.mark.parametrize("way", [granted, granted_to_all])
@pytest.mark.parametrize("group", FIRST)
def test_what_is_cut_off_is_not_noted(calls: DatedCalls, way: Function, group: Group) -> None:
    uid, most = calls.player(), LARGEST_BALANCE
    for quantity in (most - 3, 5, 7):
        assert calls.call(way(Amount(group, FIRST[group], quantity)), uid, NOW).status == 0
    assert noted(calls, uid) == [most - 3, 3, 0]
    assert calls.database.read(lambda db: list(ledger.verify(db))) == []


@pytest.mark.parametrize("way", [granted, granted_to_all])
def test_the_same_thing_several_times_in_one_grant(calls: DatedCalls, way: Function) -> None:
    uid, coins = calls.player(), Amount(Group.ITEM, Item.COIN, LARGEST_BALANCE // 2 + 1)
    assert calls.call(way(coins, coins, coins), uid, NOW).status == 0
    assert noted(calls, uid) == [LARGEST_BALANCE // 2 + 1, LARGEST_BALANCE // 2 - 1, 0]
    assert calls.database.read(lambda db: list(ledger.verify(db))) == []
