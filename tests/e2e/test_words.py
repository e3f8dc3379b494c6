"""Unwanted words in names and texts that other players see."""

import secrets
from urllib.request import urlopen

import pytest

from tests.support.families import CREATE, RENAME, family_name, founder, grown, shown
from tests.support.game import SUCCESS, Game, balances, give, mails, name_of

DIAMOND = 5
TEXT, MASKED = "you ＢＩＴＣＨ, 你这混蛋", "you *****, 你这**"
HARMLESS = "a bitchy Scunthorpe"


@pytest.fixture(params=["bitch_{}", "BITCH_{}", "{}混蛋"])
def bad_name(request: pytest.FixtureRequest) -> str:
    return str(request.param).format(secrets.token_hex(5))


def test_nobody_is_called_so(game: Game, bad_name: str) -> None:
    guest = game.guest()
    guest.call("enter_world")
    assert guest.call("create_player", gn=bad_name)["status"] == 98
    assert guest.call("create_player", gn=bad_name.replace("混蛋", "").replace("_", "x"))["status"] == SUCCESS


def test_nobody_takes_such_a_name(game: Game, bad_name: str) -> None:
    player = game.player()
    give(player, "3:5:100")
    assert player.call("change_player_name", gn=bad_name)["status"] == 97
    assert (balances(player)[DIAMOND], name_of(player) == bad_name) == (100, False)


def test_no_family_is_called_so(game: Game, bad_name: str) -> None:
    player = grown(game)
    give(player, f"3:5:{CREATE}")
    assert player.call("create_family", name=bad_name, icon=1)["status"] == 99
    assert balances(player)[DIAMOND] == CREATE
    assert family_name(player) == ""


def test_no_family_takes_such_a_name(game: Game, bad_name: str) -> None:
    owner = founder(game, diamonds=RENAME)
    assert owner.call("change_name_family", name=bad_name)["status"] == 99
    assert balances(owner)[DIAMOND] == RENAME


def test_the_words_of_an_intro_are_masked(game: Game) -> None:
    ada, bea = game.player(), game.player()
    assert ada.call("player_set_intro", intro=TEXT)["data"] == {"intro": MASKED}
    assert bea.call("find_person", gn_target=name_of(ada))["data"]["intro"] == MASKED
    assert ada.call("player_set_intro", intro=HARMLESS)["data"] == {"intro": HARMLESS}


def test_the_words_of_a_family_are_masked(game: Game) -> None:
    owner = founder(game)
    assert owner.call("set_notice_family", msg=TEXT)["data"]["notice"] == MASKED
    assert owner.call("set_blackboard_family", msg=f"{TEXT}\n{HARMLESS}")["data"] == {"board": f"{MASKED}\n{HARMLESS}"}
    assert (shown(owner)["notice"], shown(owner)["board"]) == (MASKED, f"{MASKED}\n{HARMLESS}")


def test_the_words_of_a_mail_are_masked(game: Game) -> None:
    ada, bea = game.player(), game.player()
    assert ada.call("send_mail", gn_target=name_of(bea), subj=TEXT, body=f"{HARMLESS}\n{TEXT}")["status"] == SUCCESS
    mail = mails(bea)[-1]
    assert (mail["subj"], mail["body"]) == (MASKED, f"{HARMLESS}\n{MASKED}")


def test_workers_tell_how_many_words_they_know(game: Game) -> None:
    [worker] = [process for process in game.endpoints["processes"] if process["name"] == "worker-0"]
    with urlopen(f"http://127.0.0.1:{worker['ports']['ops_port']}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    [known] = [float(line.split()[1]) for line in lines if line.startswith("edge_filter_words ")]
    assert known > 20
