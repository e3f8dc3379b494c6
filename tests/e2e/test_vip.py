"""VIP: the functions, and the exploits that must not work. The calendar has tests of its own."""

import pytest

from apps.client.player import Player
from tests.support.database_rows import execute, uid_of
from tests.support.game import Game, at_once, balances, give, statuses

DIAMOND, SMALL, LARGE, PERMANENT = 5, 26, 27, 28
NO_CARDS = {"min_card": False, "max_card": False, "perpetual_card": False, "min_seconds": 0, "max_seconds": 0}


def with_cards(game: Game, *cards: int) -> Player:
    player = game.player()
    for card in cards:
        assert player.call("purchase_vip_card", card_id=card)["status"] == 0
    return player


def set_exp(game: Game, player: Player, exp: int) -> None:
    execute(game, "UPDATE player SET vipexp = %s WHERE uid = %s", exp, uid_of(game, player))


def test_a_new_player_has_no_card(game: Game) -> None:
    player = game.player()
    assert player.call("get_info_vip") == {"status": 0, "message": "success", "data": {
        "exp_info": {"exp": 0, "level": 0, "need": 60, "reward": 0}, **NO_CARDS, "cooling_time": -1}}
    assert player.call("get_vip_daily_reward")["status"] == 98


def test_looking_writes_nothing(game: Game) -> None:
    player = game.player()
    player.call("get_info_vip")
    assert not {SMALL, LARGE, PERMANENT} & set(balances(player))


def test_cards_of_developers(game: Game) -> None:
    player = game.player()
    assert player.call("purchase_vip_card", card_id=26)["data"] == {"cooling_time": 2678400, "card_id": 26}
    assert player.call("purchase_vip_card", card_id="28")["data"] == {"cooling_time": -1, "card_id": 28}
    again = player.call("purchase_vip_card", card_id=26)["data"]["cooling_time"]
    assert 2678400 * 2 - 10 < again <= 2678400 * 2
    info = player.call("get_info_vip")["data"]
    assert (info["min_card"], info["max_card"], info["perpetual_card"]) == (True, False, True)
    assert (info["max_seconds"], info["cooling_time"]) == (0, -1)
    assert again - 10 < info["min_seconds"] <= again


@pytest.mark.parametrize("card", [0, 18, 25, 29, -26, "x", "", 26.0, True, None, [], 2**70])
def test_what_is_no_card(game: Game, card: object) -> None:
    answer = game.player().call("purchase_vip_card", card_id=card)
    assert (answer["status"], answer["data"]) == (99, {})


def test_the_daily_reward_of_one_card(game: Game) -> None:
    player = with_cards(game, SMALL)
    data = player.call("get_vip_daily_reward")["data"]
    gave = {"1": 4000, "5": 10, "9": 2000, "6": 2, "7": 0, "33": 1}
    items = [{"iid": iid, "value": value} for iid, value in gave.items()]
    assert data == {
        "remaining": {"min_card": {"card": True, "item": items}, "max_card": {"card": False},
                      "perpetual_card": {"card": False}, "exp_info": {"exp": 10, "level": 0, "need": 50, "reward": 10}},
        "reward": {"min_card": {"item": items}, "max_card": {}, "perpetual_card": {}}}
    have = balances(player)
    assert [have.get(int(iid), 0) for iid in gave] == list(gave.values())
    assert 7 not in have
    assert 86390 <= player.call("get_info_vip")["data"]["cooling_time"] <= 86400
    assert player.call("get_vip_daily_reward")["status"] == 99


def test_each_card_gives_the_set_of_the_level_that_it_leads_to(game: Game) -> None:
    player = with_cards(game, SMALL, LARGE, PERMANENT)
    set_exp(game, player, 40)  # 50 after the small card, 65 after the large one
    give(player, "3:1:1")
    data = player.call("get_vip_daily_reward")["data"]
    assert data["remaining"]["exp_info"] == {"exp": 85, "level": 1, "need": 215, "reward": 45}
    coins = [(data["reward"][card]["item"][0], data["remaining"][card]["item"][0])
             for card in ("min_card", "max_card", "perpetual_card")]
    assert coins == [({"iid": "1", "value": gave}, {"iid": "1", "value": left})
                     for gave, left in ((4000, 4001), (7000, 11001), (7000, 18001))]
    assert balances(player)[1] == 18001


def test_the_daily_reward_is_given_once_however_often_it_is_taken_at_once(game: Game) -> None:
    player = with_cards(game, SMALL)
    assert statuses(at_once(10, lambda: player.call("get_vip_daily_reward"))) == [0] + [99] * 9
    assert balances(player)[1] == 4000
    assert player.call("get_info_vip")["data"]["exp_info"]["exp"] == 10


def test_the_cooldown_is_tested_before_the_card(game: Game) -> None:
    player = with_cards(game, SMALL)
    player.call("get_vip_daily_reward")
    uid = uid_of(game, player)
    execute(game, "UPDATE timer SET time = '2020-01-01 00:00:00' WHERE uid = %s AND tid = 17", uid)
    assert player.call("get_vip_daily_reward")["status"] == 99
    execute(game, "UPDATE timer SET time = '2020-01-01 00:00:00' WHERE uid = %s AND tid = 20", uid)
    assert player.call("get_vip_daily_reward")["status"] == 98
    info = player.call("get_info_vip")["data"]
    assert info | NO_CARDS == info
    assert info["cooling_time"] == 0


def test_the_level_feeds_its_achievement(game: Game) -> None:
    player = with_cards(game, SMALL)
    set_exp(game, player, 295)
    player.call("get_vip_daily_reward")
    listed = player.call("get_all_achievement")["data"]["achievements"]
    assert {"aid": 3, "value": 2, "reward": 0} in listed


def test_a_package(game: Game) -> None:
    player = game.player()
    set_exp(game, player, 700)
    give(player, "3:5:1000", "3:7:2")
    assert player.call("purchase_vip_gift", tier="2") == {"status": 0, "message": "success", "data": {
        "remaining": {"diamond": 170, "gifts": [
            {"gid": 3, "mid": 18, "qty": 3}, {"gid": 3, "mid": 19, "qty": 3}, {"gid": 3, "mid": 33, "qty": 1},
            {"gid": 3, "mid": 7, "qty": 3}]},
        "reward": {"diamond": -830, "gifts": [
            {"gid": 3, "mid": 18, "qty": 3}, {"gid": 3, "mid": 19, "qty": 3}, {"gid": 3, "mid": 33, "qty": 1},
            {"gid": 3, "mid": 7, "qty": 1}]},
        "exp_info": {"exp": 700, "level": 3, "need": 580, "reward": 0}}}
    assert balances(player)[DIAMOND] == 170
    answer = player.call("purchase_vip_gift", tier=0)
    assert (answer["status"], answer["data"]) == (98, {})


def test_packages_are_bought_as_often_as_they_are_paid(game: Game) -> None:
    player = game.player()
    give(player, "3:5:900")
    assert statuses(at_once(6, lambda: player.call("purchase_vip_gift", tier=0))) == [0, 0, 0, 98, 98, 98]
    have = balances(player)
    assert (have[DIAMOND], have[18], have[19], have[33]) == (30, 3, 3, 3)


@pytest.mark.parametrize("tier", [1, 14, 15, -1, "x", "", 0.0, False, None, [], "cooling_time", 2**70])
def test_packages_that_are_not_for_this_player(game: Game, tier: object) -> None:
    player = game.player()
    give(player, "3:5:5000")
    answer = player.call("purchase_vip_gift", tier=tier)
    assert (answer["status"], answer["data"]) == (99, {})
    assert balances(player)[DIAMOND] == 5000


def test_the_data_of_vip(game: Game) -> None:
    config = game.guest().call("get_config_vip")["data"]["config"]
    assert config["card_increase_experience"] == {"min": 10, "max": 15, "permanent": 20}
