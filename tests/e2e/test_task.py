"""Daily tasks: the functions, and the exploits that must not work."""

import re

import pytest

from apps.client.player import Player
from tests.support.database_rows import execute, uid_of
from tests.support.game import Game, at_once, balances, statuses

DIAMOND = 5


def tasks(player: Player) -> dict[int, int]:
    """Return whether the reward of each task of today was claimed."""
    answer = player.call("get_all_task")
    assert answer["status"] == 0
    return {entry["tid"]: entry["reward"] for entry in answer["data"]["tasks"]}


def test_looking_at_the_tasks_is_a_task(game: Game) -> None:
    [entry] = game.player().call("get_all_task")["data"]["tasks"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", entry.pop("timer"))
    assert entry == {"tid": 1, "task_value": 1, "reward": 0}


def test_a_reward(game: Game) -> None:
    player = game.player()
    player.call("get_all_task")
    assert player.call("get_task_reward", task_id="1") == {
        "status": 0, "message": "success", "data": {"reward": [{"5": {"value": 20, "reward": 20}}], "task": 1}}
    assert tasks(player) == {1: 1}
    assert player.call("get_task_reward", task_id=1)["status"] == 99
    assert balances(player)[DIAMOND] == 20


@pytest.mark.parametrize("number", [0, 14, -1, "x", "", "1.0", 1.0, True, None, [], "1 OR 1=1", 2**70])
def test_what_is_no_task(game: Game, number: object) -> None:
    answer = game.player().call("get_task_reward", task_id=number)
    assert (answer["status"], answer["data"]) == (98, {})


def test_no_task_at_all(game: Game) -> None:
    assert game.player().call("get_task_reward")["status"] == 98


def test_a_task_that_is_not_done(game: Game) -> None:
    player = game.player()
    for number in range(1, 14):
        assert player.call("get_task_reward", task_id=number)["status"] == 99
    assert DIAMOND not in balances(player)


def test_a_reward_is_paid_once_however_often_it_is_claimed_at_once(game: Game) -> None:
    player = game.player()
    player.call("get_all_task")
    assert statuses(at_once(10, lambda: player.call("get_task_reward", task_id=1))) == [0] + [99] * 9
    assert balances(player)[DIAMOND] == 20


def test_yesterdays_task_is_not_paid_today(game: Game) -> None:
    player = game.player()
    player.call("get_all_task")
    execute(game, "UPDATE task SET done = done - INTERVAL 1 DAY WHERE uid = %s", uid_of(game, player))
    assert player.call("get_task_reward", task_id=1)["status"] == 99
    assert tasks(player) == {1: 0}
    assert player.call("get_task_reward", task_id=1)["status"] == 0


def test_the_thirteenth_task_is_listed_once_ten_others_are_done(game: Game) -> None:
    player = game.player()
    uid = uid_of(game, player)
    player.call("get_all_task")
    for number in range(3, 11):
        execute(game, "INSERT INTO task (uid, tid, done) SELECT uid, %s, done FROM task WHERE uid = %s AND tid = 1",
                number, uid)
    assert set(tasks(player)) == {1, *range(3, 11)}
    assert player.call("check_in_sign")["status"] == 0
    assert set(tasks(player)) == {*range(1, 11), 13}
    assert player.call("get_task_reward", task_id=13)["data"]["task"] == 13


def test_tasks_are_those_of_the_player(game: Game) -> None:
    player, other = game.player(), game.player()
    player.call("get_all_task")
    answer = other.call("get_task_reward", task_id=1, uid=uid_of(game, player))
    assert answer["status"] == 99
    assert tasks(player) == {1: 0}


def test_the_data_of_tasks(game: Game) -> None:
    player = game.guest()
    assert player.call("get_config_task")["data"]["task_config"]["login"] == {"item_id": 5, "quantity": 20}
    assert len(player.call("get_task_config")["data"]["config"]) == 13
