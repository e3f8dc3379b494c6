"""Achievements: the functions, and the exploits that must not work."""

import pytest

from apps.client.player import Player
from tests.support.database_rows import execute, uid_of
from tests.support.game import Game, at_once, balances, statuses

DIAMOND = 5


def achievements(player: Player) -> dict[int, tuple[int, int]]:
    """Return progress and last claimed threshold of each achievement."""
    answer = player.call("get_all_achievement")
    assert answer["status"] == 0
    return {entry["aid"]: (entry["value"], entry["reward"]) for entry in answer["data"]["achievements"]}


def set_progress(game: Game, player: Player, number: int, value: int) -> None:
    execute(game, "INSERT INTO achievement (uid, aid, value) VALUES (%s, %s, %s)", uid_of(game, player), number, value)


def test_the_first_look_of_a_day_counts_as_a_login(game: Game) -> None:
    player = game.player()
    assert player.call("get_all_achievement")["data"] == {
        "achievements": [{"aid": 1, "value": 1, "reward": 0}, {"aid": 2, "value": 1, "reward": 0}]}
    assert achievements(player) == {1: (1, 0), 2: (1, 0)}


def test_a_login_is_counted_once_however_many_look_at_once(game: Game) -> None:
    player = game.player()
    at_once(10, lambda: player.call("get_all_achievement"))
    assert achievements(player) == {1: (1, 0), 2: (1, 0)}


def test_the_next_day_and_a_day_that_was_left_out(game: Game) -> None:
    player = game.player()
    uid = uid_of(game, player)
    achievements(player)
    for days, streak in ((1, 2), (2, 1)):
        execute(game, "UPDATE timer SET time = IF(tid = 12, CAST(time - INTERVAL %s DAY AS CHAR(19)), "
                      "CAST(CAST(time AS DATE) - INTERVAL %s DAY AS CHAR(10))) WHERE uid = %s AND tid IN (12, 21)",
                days, days, uid)
        assert achievements(player)[2] == (streak, 0)
    assert achievements(player)[1] == (3, 0)


def test_a_claim_pays_the_lowest_tier(game: Game) -> None:
    player = game.player()
    set_progress(game, player, 7, 30)
    assert player.call("get_achievement_reward", achievement_id=7, value=999) == {
        "status": 0, "message": "success",
        "data": {"remain": ["3:5:10"], "reward": ["3:5:10"], "achievement": "7:30:1"}}
    assert player.call("get_achievement_reward", achievement_id="7")["data"]["achievement"] == "7:30:10"
    assert player.call("get_achievement_reward", achievement_id=7)["data"] == {
        "remain": ["3:5:60"], "reward": ["3:5:30"], "achievement": "7:30:30"}
    answer = player.call("get_achievement_reward", achievement_id=7)
    assert (answer["status"], answer["data"]) == (99, {})
    assert achievements(player)[7] == (30, 30)


def test_parallel_claims_pay_each_tier_once(game: Game) -> None:
    player = game.player()
    set_progress(game, player, 7, 30)
    answers = at_once(10, lambda: player.call("get_achievement_reward", achievement_id=7))
    assert statuses(answers) == [0] * 3 + [99] * 7
    assert balances(player)[DIAMOND] == 60


@pytest.mark.parametrize("number", [0, 30, 100, 103, 199, 1000, -1, "x", "", 1.0, True, None, [], "7 OR 1=1", 2**70])
def test_what_is_no_achievement(game: Game, number: object) -> None:
    player = game.player()
    for answer in (player.call("get_achievement_reward", achievement_id=number),
                   player.call("activate_achievement", aid=number)):
        assert (answer["status"], answer["data"]) == (97, {})


def test_fields_that_are_missing(game: Game) -> None:
    player = game.player()
    assert player.call("get_achievement_reward")["status"] == 97
    assert player.call("activate_achievement")["status"] == 97


def test_achievements_without_progress_or_rewards(game: Game) -> None:
    player = game.player()
    assert player.call("get_achievement_reward", achievement_id=20)["status"] == 98
    assert player.call("get_achievement_reward", achievement_id=12)["status"] == 99
    set_progress(game, player, 12, 5)
    assert player.call("get_achievement_reward", achievement_id=12)["status"] == 99


@pytest.mark.parametrize("number", [101, 102])
def test_what_clients_report_counts_once(game: Game, number: int) -> None:
    player = game.player()
    for aid in (number, str(number), number):
        assert player.call("activate_achievement", aid=aid, value=60000) == {
            "status": 0, "message": "success", "data": {}}
    assert achievements(player)[number] == (1, 0)
    assert player.call("get_achievement_reward", achievement_id=number)["status"] == 0
    assert player.call("activate_achievement", aid=number)["status"] == 0
    assert player.call("get_achievement_reward", achievement_id=number)["status"] == 99
    assert balances(player)[DIAMOND] == 50


@pytest.mark.parametrize("number", [1, 3, 6, 12, 13, 21, 29])
def test_what_the_server_counts_cannot_be_reported(game: Game, number: int) -> None:
    player = game.player()
    assert player.call("activate_achievement", aid=number)["status"] == 97
    assert set(achievements(player)) == {1, 2}


def test_totals_beyond_16_and_32_bits(game: Game) -> None:
    player = game.player()
    set_progress(game, player, 22, 2**40)
    assert achievements(player)[22] == (2**40, 0)
    assert player.call("get_achievement_reward", achievement_id=22)["data"]["achievement"] == f"22:{2**40}:100"


def test_the_data_of_achievements(game: Game) -> None:
    player = game.guest()
    assert player.call("get_config_achievement")["data"]["achievement_config"]["101"] == {"count": [1], "qty": [50]}
    assert "12" not in player.call("get_achievement_config")["data"]["config"]
