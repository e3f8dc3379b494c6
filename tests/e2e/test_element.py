"""Elements: points of the level are spent once, however many ask at the same time."""

from apps.client.player import Player
from tests.support.database_rows import execute, uid_of
from tests.support.game import Game, at_once, statuses

FIRE, ICE = 1000, 1002


def set_level(game: Game, player: Player, level: int) -> None:
    curve = player.call("get_config_player")["data"]["player_config"]["player_level"]["experience"]
    execute(game, "UPDATE player SET exp = %s WHERE uid = %s", curve[level - 1], uid_of(game, player))


def strengths(player: Player) -> dict[str, int]:
    return dict(player.call("player_element_all")["data"]["elements"])


def test_elements(game: Game) -> None:
    player = game.player()
    assert player.call("player_element_all")["data"] == {
        "elements": {"1000": 0, "1001": 0, "1002": 0, "1003": 0}, "lim": 3}
    assert player.call("player_element_lv", eid=999)["status"] == 99
    assert player.call("player_element_lv", eid=1000)["status"] == 98  # level 2 has no points
    for left in (2, 1, 0):
        assert player.call("player_element_reset")["data"]["lim"] == left
    assert player.call("player_element_reset")["status"] == 99


def test_parallel_resets_never_exceed_three(game: Game) -> None:
    player = game.player()
    assert statuses(at_once(8, lambda: player.call("player_element_reset"))) == [0] * 3 + [99] * 5


def test_no_point_is_spent_twice_however_many_are_spent_at_once(game: Game) -> None:
    player = game.player()
    set_level(game, player, 35)
    assert statuses(at_once(8, lambda: player.call("player_element_lv", eid=FIRE))) == [0] * 3 + [98] * 5
    assert strengths(player) == {"1000": 3, "1001": 0, "1002": 0, "1003": 0}
    assert player.call("player_element_reset")["data"]["elements"][str(FIRE)] == 0
    assert player.call("player_element_lv", eid=ICE)["data"] == {
        "elements": {"1000": 0, "1001": 0, "1002": 1, "1003": 0}, "reward": {"1002": 1}}


def test_no_element_is_stronger_than_five_however_many_ask_at_once(game: Game) -> None:
    player = game.player()
    set_level(game, player, 75)  # seven points
    assert statuses(at_once(7, lambda: player.call("player_element_lv", eid=FIRE))) == [0] * 5 + [97] * 2
    assert player.call("player_element_lv", eid=ICE)["status"] == 0
    assert sum(strengths(player).values()) == 6


def test_points_that_are_taken_back_and_spent_at_once_are_never_more_than_there_are(game: Game) -> None:
    player = game.player()
    set_level(game, player, 35)
    work = ["player_element_lv", "player_element_lv", "player_element_reset"] * 3
    assert {answer["status"] for answer in at_once(9, lambda: player.call(work.pop(), eid=FIRE))} <= {0, 98}
    assert sum(strengths(player).values()) <= 3
    assert player.call("player_element_all")["data"]["lim"] == 0
