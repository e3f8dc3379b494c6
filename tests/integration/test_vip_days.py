"""VIP cards over the days of a calendar."""

from collections.abc import Iterator

import pytest

from apps.local.backends import MariaDB
from apps.worker.ledger import verify
from apps.worker.module import debug, vip
from apps.worker.rules import vip as vip_rules
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, at, dated_calls

NOON = at("2030-01-05 12:00:00")
MONTH = 31 * 86400


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_vip") as url, dated_calls(url) as calls:
        yield calls


def info(calls: DatedCalls, uid: str, moment: str) -> dict[str, object]:
    data = calls.call(vip.get_info_vip, uid, at(moment)).data
    assert isinstance(data, dict)
    return data


def test_a_month_card_runs_31_days_and_is_prolonged(calls: DatedCalls) -> None:
    uid = calls.player()
    assert calls.call(debug.purchase_vip_card, uid, NOON, card_id=26).data == {"cooling_time": MONTH, "card_id": 26}
    assert calls.call(debug.purchase_vip_card, uid, NOON, card_id=26).data == {"cooling_time": 2 * MONTH, "card_id": 26}
    assert info(calls, uid, "2030-01-06 12:00:00")["min_seconds"] == 2 * MONTH - 86400
    assert calls.balance(uid, 26) == 1
    assert info(calls, uid, "2030-03-08 11:59:59") | {"exp_info": 0} == {
        "exp_info": 0, "min_card": True, "max_card": False, "perpetual_card": False, "min_seconds": 1,
        "max_seconds": 0, "cooling_time": -1}
    assert info(calls, uid, "2030-03-08 12:00:00")["min_card"] is False


def test_looking_at_cards_writes_nothing(calls: DatedCalls) -> None:
    uid = calls.player()
    calls.call(debug.purchase_vip_card, uid, NOON, card_id=27)
    state = "SELECT 'i', iid, value FROM item WHERE uid = %s UNION SELECT 't', tid, time FROM timer WHERE uid = %s"
    before = calls.rows(state, uid, uid)
    assert info(calls, uid, "2031-01-01 00:00:00")["max_card"] is False
    assert calls.rows(state, uid, uid) == before


def test_a_card_that_ran_out_gives_nothing_and_goes(calls: DatedCalls) -> None:
    uid = calls.player()
    for card in (26, 27):
        calls.call(debug.purchase_vip_card, uid, NOON, card_id=card)
    calls.call(debug.purchase_vip_card, uid, NOON, card_id=27)
    later = at("2030-02-10 12:00:00")
    data = calls.call(vip.get_vip_daily_reward, uid, later).data
    assert isinstance(data, dict)
    assert (data["remaining"]["min_card"], data["reward"]["min_card"]) == ({"card": False}, {})
    assert data["remaining"]["max_card"]["card"] is True
    assert (calls.balance(uid, 26), calls.balance(uid, 27)) == (0, 1)
    assert calls.call(vip.get_vip_daily_reward, uid, at("2031-01-01 12:00:00")).status == 98


def test_a_card_that_was_won_as_an_item_runs_and_is_not_lost(calls: DatedCalls) -> None:
    uid = calls.player()
    calls.call(debug.add_resources, uid, NOON, items=["3:26:2"])
    assert info(calls, uid, "2030-01-05 12:00:00")["min_seconds"] == MONTH
    assert calls.call(vip.get_vip_daily_reward, uid, NOON).status == 0
    assert info(calls, uid, "2030-02-05 11:59:59")["min_seconds"] == 1
    second = at("2030-02-06 12:00:00")
    assert calls.call(vip.get_vip_daily_reward, uid, second).status == 0
    assert calls.balance(uid, 26) == 1
    assert info(calls, uid, "2030-02-06 12:00:00")["min_seconds"] == MONTH
    assert calls.rows("SELECT SUM(amount) FROM ledger WHERE uid = %s AND iid = 26", uid) == [(1,)]
    assert calls.call(vip.get_vip_daily_reward, uid, at("2030-03-30 12:00:00")).status == 98


def test_the_daily_reward_cools_down_for_a_day_to_the_second(calls: DatedCalls) -> None:
    uid = calls.player()
    assert calls.call(vip.get_vip_daily_reward, uid, NOON).status == 98
    calls.call(debug.purchase_vip_card, uid, NOON, card_id=28)
    assert calls.call(vip.get_vip_daily_reward, uid, NOON).status == 0
    assert info(calls, uid, "2030-01-06 11:59:59")["cooling_time"] == 1
    assert calls.call(vip.get_vip_daily_reward, uid, at("2030-01-06 11:59:59")).status == 99
    assert info(calls, uid, "2030-01-09 12:00:00")["cooling_time"] == 0
    assert calls.call(vip.get_vip_daily_reward, uid, at("2030-01-06 12:00:00")).status == 0


def test_vip_experience_stops_before_it_overflows(calls: DatedCalls) -> None:
    uid = calls.player(vipexp=vip_rules.LARGEST_EXP - 1)
    calls.call(debug.purchase_vip_card, uid, NOON, card_id=28)
    assert calls.call(vip.get_vip_daily_reward, uid, NOON).status == 0
    assert info(calls, uid, "2030-01-05 12:00:00")["exp_info"] == {
        "exp": vip_rules.LARGEST_EXP, "level": 14, "need": 0, "reward": 0}


PACKAGE = ["0:301:5", "2:402:3", "1:7:1", "1:7:1", "4:2:6", "3:18:2", "0:301:1"]
GIVEN = ["0:301:5", "2:402:3", "1:7:1", "3:6:1", "4:2:6", "3:18:2", "0:301:1"]
LEFT = ["0:301:5", "2:402:3", "1:7:1", "3:6:1", "4:2:6", "3:18:2", "0:301:6"]
PRICE = 290


@pytest.fixture
def sold(calls: DatedCalls) -> Iterator[None]:
    """Game data whose package has something of every kind."""
    package = calls.config["vip_config"]["vip_special_package"]["0"]
    before, package["package"] = package["package"], PACKAGE
    yield
    package["package"] = before


def gifts(texts: list[str]) -> list[dict[str, int]]:
    return [dict(zip(("gid", "mid", "qty"), map(int, text.split(":")), strict=True)) for text in texts]


@pytest.mark.usefixtures("sold")
def test_a_package_with_weapons_roles_skills_and_armor(calls: DatedCalls) -> None:
    uid = calls.player()
    calls.call(debug.add_resources, uid, NOON, items=[f"3:5:{2 * PRICE}"])
    reply = calls.call(vip.purchase_vip_gift, uid, NOON, tier=0)
    assert (reply.status, reply.data) == (0, {
        "remaining": {"diamond": PRICE, "gifts": gifts(LEFT)}, "reward": {"diamond": -PRICE, "gifts": gifts(GIVEN)},
        "exp_info": {"exp": 0, "level": 0, "need": 60, "reward": 0}})
    again = calls.call(vip.purchase_vip_gift, uid, NOON, tier=0).data
    assert isinstance(again, dict)
    assert again["reward"]["gifts"][2:4] == gifts(["3:6:1", "3:6:1"])  # a skill that is owned is a scroll
    assert calls.call(vip.purchase_vip_gift, uid, NOON, tier=0).status == 98
    assert owned(calls, uid) == {(0, 301): 12, (2, 402): 6, (1, 7): 1, (4, 2): 12, (3, 5): 0, (3, 6): 3, (3, 18): 4}
    assert [found for found in calls.database.read(lambda db: list(verify(db))) if found.uid == uid] == []


def owned(calls: DatedCalls, uid: str) -> dict[tuple[int, int], int]:
    """Return all that a player has, by group and number."""
    parts = ("3, iid, value FROM item", "0, wid, segment FROM weapon", "2, rid, segment FROM role",
             "4, aid, quantity FROM armor", "1, sid, level FROM skill")
    return {(group, number): amount for part in parts
            for group, number, amount in calls.rows(f"SELECT {part} WHERE uid = %s", uid)}
