"""What a family gives: the store, presents for all members, and the daily check-in."""

import re
import urllib.request
from typing import Any

import pytest

from tests.support.database_rows import execute, uid_of
from tests.support.families import end_cooldown, founder, grown, join, member, news, shown
from tests.support.game import MALFORMED, Game, at_once, balances, give, name_of, statuses

COIN, DIAMOND, FAMILY_COIN, RECORD = 1, 5, 36, 37
DEADLOCKS = re.compile(r'^mysql_retries_total\{error="1213"\} (\S+)', re.MULTILINE)


def test_the_store_needs_no_player(game: Game) -> None:
    answer = game.guest().call("get_store_family")
    assert answer["status"] == 0
    assert answer["data"]["1"] == {"3:36:80": "3:6:10"}


def test_buying(game: Game) -> None:
    owner = founder(game)
    give(owner, "3:36:170")
    assert owner.call("market_purchase_family", sid="1") == {
        "status": 0, "message": "success",
        "data": {"remain": ["3:36:90", "3:6:10"], "reward": ["3:36:80", "3:6:10"]}}
    assert owner.call("market_purchase_family", sid=1)["data"]["remain"] == ["3:36:10", "3:6:20"]
    assert owner.call("market_purchase_family", sid="1")["status"] == 98
    assert news(owner) == [f"fm_4:{name_of(owner)}"] * 2


def test_the_refusals_of_buying_in_their_order(game: Game) -> None:
    stranger, owner = grown(game), founder(game)
    for function in ("market_purchase_family", "welfare_purchase_family"):
        assert stranger.call(function, sid="999")["status"] == 99
        for unknown in ({"sid": "999"}, {}, {"item": "1"}, {"sid": ""}, {"sid": "x" * 300}, {"sid": -1}):
            assert owner.call(function, **unknown)["status"] == 97
        for ill in (None, 1.5, True, ["1"]):
            assert owner.call(function, sid=ill)["status"] == MALFORMED
        assert owner.call(function, sid="1")["status"] == 98


def test_buying_more_than_there_is_at_once(game: Game) -> None:
    owner = founder(game)
    give(owner, "3:36:200")
    assert statuses(at_once(5, lambda: owner.call("market_purchase_family", sid="1"))) == [0, 0, 98, 98, 98]
    assert (balances(owner)[FAMILY_COIN], balances(owner)[6]) == (40, 20)


def test_a_present_is_for_every_member(game: Game) -> None:
    owner, stranger = founder(game), founder(game)
    bea = member(game, owner)
    give(owner, "3:5:100")
    give(bea, "3:1:7")
    assert owner.call("welfare_purchase_family", sid="1") == {
        "status": 0, "message": "success",
        "data": {"remain": ["3:5:0", "3:1:5000", "3:9:3000"], "reward": ["3:5:100", "3:1:5000", "3:9:3000"]}}
    assert (balances(bea)[COIN], balances(bea)[9]) == (5007, 3000)
    assert COIN not in balances(stranger)
    assert news(bea)[-1] == f"fm_4:{name_of(owner)}"


def test_each_present_once_a_day_for_each_person(game: Game) -> None:
    owner = founder(game, diamonds=1000)
    bea = member(game, owner)
    give(bea, "3:5:100")
    assert statuses(at_once(4, lambda: owner.call("welfare_purchase_family", sid="1"))) == [0, 96, 96, 96]
    assert owner.call("welfare_purchase_family", sid="2")["status"] == 0
    assert bea.call("welfare_purchase_family", sid="1")["status"] == 0
    assert (balances(owner)[DIAMOND], balances(bea)[COIN]) == (600, 30000)
    execute(game, "UPDATE family_welfare SET day = day - INTERVAL 1 DAY WHERE uid = %s", uid_of(game, owner))
    assert owner.call("welfare_purchase_family", sid="1")["status"] == 0


def test_presents_of_several_members_at_once_all_arrive(game: Game) -> None:
    owner = founder(game, diamonds=100)
    members = [owner, *(member(game, owner) for _ in range(3))]
    for player in members[1:]:
        give(player, "3:5:100")
    waiting = list(members)
    answers = at_once(4, lambda: waiting.pop().call("welfare_purchase_family", sid="1"))
    assert statuses(answers) == [0, 0, 0, 0]
    for player in members:
        assert (balances(player)[COIN], balances(player)[9]) == (20000, 12000)
        noted = execute(game, "SELECT amount, balance FROM ledger WHERE uid = %s AND iid = 1 ORDER BY id",
                        uid_of(game, player))
        assert noted == [(5000, 5000), (5000, 10000), (5000, 15000), (5000, 20000)]


def test_presents_of_several_members_at_once_do_not_stop_one_another(game: Game) -> None:
    owner = founder(game, diamonds=100)
    members = [owner, *(member(game, owner) for _ in range(5))]
    for player in members[1:]:
        give(player, "3:5:100")
    before, waiting = deadlocks(game), list(members)
    assert statuses(at_once(6, lambda: waiting.pop().call("welfare_purchase_family", sid="1"))) == [0] * 6
    assert deadlocks(game) == before


def deadlocks(game: Game) -> float:
    """Return how many transactions the workers have started again because of a deadlock."""
    pages = [urllib.request.urlopen(f"{process['ops']}/metrics", timeout=5).read().decode()
             for process in game.endpoints["processes"] if process["name"].startswith("worker")]
    return sum(float(number) for page in pages for number in DEADLOCKS.findall(page))


def test_presents_and_purchases_at_once_lose_nothing(game: Game) -> None:
    owner = founder(game, diamonds=100)
    bea = member(game, owner)
    give(bea, "3:36:160")
    work = [(owner, "welfare_purchase_family"), (bea, "market_purchase_family"), (bea, "market_purchase_family"),
            (bea, "add_resources")]

    def do() -> Any:
        player, function = work.pop()
        return player.call(function, sid="1", items=["3:1:3"])

    assert statuses(at_once(4, do)) == [0, 0, 0, 0]
    assert (balances(bea)[COIN], balances(bea)[FAMILY_COIN], balances(bea)[6]) == (5003, 0, 20)


def test_checking_in(game: Game) -> None:
    owner = founder(game)
    assert grown(game).call("check_in_family")["status"] == 99
    assert owner.call("check_in_family")["data"] == {
        "remaining": [{"iid": 36, "value": 100}, {"iid": 37, "value": 100}, {"iid": 1, "value": 2000}],
        "reward": [{"iid": 36, "value": 100}, {"iid": 37, "value": 100}, {"iid": 1, "value": 2000}],
        "exp_data": {"exp": 1, "level": 1, "need": 59, "reward": 1}}
    family = shown(owner)
    assert (family["exp"], family["is_checkin"]) == (1, 1)
    assert owner.call("check_in_family")["status"] == 98
    assert 12 in {task["tid"] for task in owner.call("get_all_task")["data"]["tasks"]}
    done = {entry["aid"]: entry["value"] for entry in owner.call("get_all_achievement")["data"]["achievements"]}
    assert done[29] == 1


def test_checking_in_at_once(game: Game) -> None:
    owner = founder(game)
    members = [owner, *(member(game, owner) for _ in range(3))]
    waiting = members * 2
    answers = at_once(8, lambda: waiting.pop().call("check_in_family"))
    assert statuses(answers) == [0] * 4 + [98] * 4
    assert sorted(answer["data"]["exp_data"]["exp"] for answer in answers if answer["status"] == 0) == [1, 2, 3, 4]
    assert shown(owner)["exp"] == 4


def test_the_check_in_goes_with_the_player(game: Game) -> None:
    first, second = founder(game), founder(game)
    bea = member(game, first)
    assert bea.call("check_in_family")["status"] == 0
    bea.call("leave_family")
    end_cooldown(game, bea)
    join(second, bea)
    assert bea.call("check_in_family")["status"] == 98
    execute(game, "UPDATE timer SET time = '2020-01-01' WHERE tid = 7 AND uid = %s", uid_of(game, bea))
    assert shown(bea)["is_checkin"] == 0
    assert bea.call("check_in_family")["status"] == 0


@pytest.mark.parametrize("function", ["leave_family", "remove_user_family"])
def test_contributions_are_forgotten_on_every_way_out_and_stay_in_the_ledger(game: Game, function: str) -> None:
    owner = founder(game)
    bea = member(game, owner)
    bea.call("check_in_family")
    assert (bea if function == "leave_family" else owner).call(function, gn_target=name_of(bea))["status"] == 0
    assert (balances(bea)[FAMILY_COIN], balances(bea)[RECORD]) == (100, 0)
    rows = execute(game, "SELECT amount, balance FROM ledger WHERE uid = %s AND iid = 37 ORDER BY id",
                   uid_of(game, bea))
    assert rows == [(100, 100), (-100, 0)]
