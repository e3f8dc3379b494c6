"""Signing in: the functions, and the exploits that must not work. The calendar has tests of its own."""

from datetime import datetime, timedelta

from apps.client.player import Player
from apps.worker.rules.shanghai import SHANGHAI
from tests.support.database_rows import execute, uid_of
from tests.support.game import Game, at_once, balances, give, statuses

DIAMOND = 5


def set_signed(game: Game, player: Player, *days_ago: int) -> None:
    today, uid = datetime.now(SHANGHAI).date(), uid_of(game, player)
    for days in days_ago:
        execute(game, "INSERT INTO check_in (uid, day) VALUES (%s, %s)", uid, today - timedelta(days=days))


def tasks(player: Player) -> set[int]:
    return {entry["tid"] for entry in player.call("get_all_task")["data"]["tasks"]}


def test_signing(game: Game) -> None:
    player = game.player()
    rule = player.call("get_config_check_in")["data"]["config"]["reward"]
    answer = player.call("check_in_sign")
    today = datetime.now(SHANGHAI).date()
    assert answer == {"status": 0, "message": "signed", "data": {
        "remain": [rule[str(today.day % 7)]], "reward": [rule[str(today.day % 7)]]}}
    answer = player.call("check_in_sign")
    assert (answer["status"], answer["data"]) == (99, {})
    listed = player.call("check_in_all")
    cooling = listed["data"].pop("cd")
    assert 0 < cooling <= 86400
    assert listed == {"status": 0, "message": "ok", "data": {
        "today": today.day, "history": {f"{today.day:02d}": {"date": today.isoformat(), "reward": 1}}}}
    assert 2 in tasks(player)


def test_a_day_is_signed_once_however_often_at_once(game: Game) -> None:
    player = game.player()
    assert statuses(at_once(10, lambda: player.call("check_in_sign"))) == [0] + [99] * 9
    uid = uid_of(game, player)
    lines = execute(game, "SELECT COUNT(*) FROM ledger WHERE uid = %s AND reason = 'check_in_sign'", uid)
    assert lines == [(1,)]


def test_a_new_player_has_signed_nothing(game: Game) -> None:
    assert game.player().call("check_in_all")["data"]["history"] == {}


def test_what_was_signed_yesterday_does_not_count_today(game: Game) -> None:
    player = game.player()
    set_signed(game, player, 1)
    assert player.call("check_in_sign")["status"] == 0


def test_missed_days_are_paid_and_signed_once(game: Game) -> None:
    player = game.player()
    missed = datetime.now(SHANGHAI).day - 1
    give(player, "3:5:5000")
    answers = at_once(5, lambda: player.call("check_in_supplement"))
    assert statuses(answers) == ([0] if missed else [98]) + [98] * 4
    earned = 60 * len(range(7, missed + 1, 7))  # each seventh day gives diamonds back
    assert balances(player)[DIAMOND] == 5000 - 80 * missed + earned
    assert len(player.call("check_in_all")["data"]["history"]) == missed
    assert tasks(player) == {1}  # today was not signed by that
    assert player.call("check_in_sign")["status"] == 0


def test_a_supplement_shows_every_day_before_today(game: Game) -> None:
    player = game.player()
    missed = datetime.now(SHANGHAI).day - 1
    give(player, "3:5:5000")
    answer = player.call("check_in_supplement")
    if not missed:
        assert (answer["status"], answer["data"]) == (98, {})
        return
    data = answer["data"]
    assert list(data["supplement"]) == [f"{day:02d}" for day in range(1, missed + 1)]
    assert all(len(pair["remain"]) == len(pair["reward"]) == 1 for pair in data["supplement"].values())
    assert (data["remain"], data["reward"]) == ([f"3:5:{5000 - 80 * missed}"], [f"3:5:{80 * missed}"])


def test_without_diamonds_nothing_is_supplemented(game: Game) -> None:
    player = game.player()
    missed = datetime.now(SHANGHAI).day - 1
    assert player.call("check_in_supplement")["status"] == (97 if missed else 98)
    assert player.call("check_in_all")["data"]["history"] == {}


def test_only_today_missing_costs_nothing(game: Game) -> None:
    player = game.player()
    set_signed(game, player, *range(1, datetime.now(SHANGHAI).day))
    give(player, "3:5:80")
    assert player.call("check_in_supplement")["status"] == 98
    assert balances(player)[DIAMOND] == 80
