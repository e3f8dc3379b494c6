"""A repeat under the same request id: the first one's answer to the byte, and no second effect, for every function."""

import json
from typing import Any

import pytest

from apps.client.player import Player
from apps.worker.functions import Access, function_list
from tests.support.askers import CASES, PLAYER
from tests.support.database_rows import execute
from tests.support.game import Game, mails, name_of, new_account_name
from tests.support.repeats import AT_ONCE, Asker, exchange, new_id, repeat_at_once, token_of

HERE = function_list(debug=True)  # the local system has another function under one of the names
FUNCTIONS = {name: HERE[name] for name in function_list(debug=False)}
KEPT = [name for name, entry in FUNCTIONS.items() if entry.access in (Access.WRITE, Access.ACT)]
LOOKS = sorted(FUNCTIONS.keys() - KEPT)
TABLES = ("player", "item", "weapon", "role", "skill", "armor", "limits", "timer", "task", "achievement", "check_in",
          "friend", "heart", "family_member", "claim")


def test_every_case_is_one_of_a_function() -> None:
    assert CASES.keys() <= FUNCTIONS.keys()


@pytest.mark.parametrize("name", KEPT)
def test_a_repeat_gets_the_same_bytes(game: Game, name: str) -> None:
    line = CASES.get(name, PLAYER)(game).line(name, new_id())
    first = exchange(game, line)
    assert json.loads(first)["status"] >= 0
    assert exchange(game, line) == first
    assert set(repeat_at_once(game, line)) == {first}


@pytest.mark.parametrize("name", KEPT)
def test_repeats_at_the_same_time_get_the_same_bytes(game: Game, name: str) -> None:
    line = CASES.get(name, PLAYER)(game).line(name, new_id())
    [answer] = set(repeat_at_once(game, line))
    assert json.loads(answer)["status"] >= 0
    assert exchange(game, line) == answer


@pytest.mark.parametrize("name", LOOKS)
def test_what_stores_no_answer_changes_nothing(game: Game, name: str) -> None:
    asker, request_id = CASES.get(name, PLAYER)(game), new_id()
    line = asker.line(name, request_id)
    first = json.loads(exchange(game, line))
    before = everything_of(game, asker)
    for answer in repeat_at_once(game, line):
        assert outline(json.loads(answer)) == outline(first)
    assert everything_of(game, asker) == before
    assert execute(game, "SELECT COUNT(*) FROM request WHERE id = %s", request_id) == [(0,)]


def outline(answer: Any) -> Any:
    """Return what of an answer does not change with the time or by chance."""
    return (answer["status"], sorted(answer.get("data", ()))) if isinstance(answer, dict) else answer


def everything_of(game: Game, asker: Asker) -> dict[str, Any]:
    [[uid]] = execute(game, "SELECT uid FROM player WHERE gn = %s", name_of(asker.player))
    return {table: execute(game, f"SELECT * FROM {table} WHERE uid = %s", uid) for table in TABLES} | {
        "mails": mails(asker.player)}


@pytest.mark.parametrize("name", ["register", "login_unique", "login"])
def test_the_token_of_a_repeated_login_is_live(game: Game, name: str) -> None:
    line = CASES[name](game).line(name, new_id())
    answers = [*repeat_at_once(game, line), exchange(game, line)]
    player = Player(game.gate)
    player.state.account = token_of(answers[0])
    assert player.call("get_account_world_info")["status"] == 0


def test_the_session_of_a_repeated_entry_is_live(game: Game) -> None:
    player = game.player()
    line = Asker(player, {}).line("enter_world", new_id())
    answers = [*repeat_at_once(game, line), exchange(game, line)]
    player.state.sessions[player.state.world] = token_of(answers[0], "session")
    assert player.call("get_info_player")["status"] == 0


@pytest.mark.parametrize(("name", "changed"), [
    ("login_unique", {"unique_id": "another-device"}), ("login", {"password": "another"}),
    ("register", {"password": "another"}), ("register", {"account": "another_name"})])
def test_another_who_uses_the_same_id_does_not_get_the_answer(game: Game, name: str, changed: dict[str, str]) -> None:
    asker, request_id = CASES[name](game), new_id()
    first = exchange(game, asker.line(name, request_id))
    asker.fields |= changed
    assert exchange(game, asker.line(name, request_id)) != first


def test_a_wrong_password_gets_nothing_whatever_was_stored(game: Game) -> None:
    asker, request_id = CASES["login"](game), new_id()
    assert json.loads(exchange(game, asker.line("login", request_id)))["status"] == 0
    asker.fields["password"] = "wrong-one"
    for _ in range(2):
        assert json.loads(exchange(game, asker.line("login", request_id)))["status"] == 1


def test_an_id_of_one_function_answers_for_another_of_the_same_player(game: Game) -> None:
    asker, request_id = PLAYER(game), new_id()
    first = exchange(game, asker.line("get_login_token_chat", request_id))
    for name in ("get_new_mail", "get_all_task"):
        assert exchange(game, asker.line(name, request_id)) == first


def test_new_mails_are_new_until_their_listing_is_stored(game: Game) -> None:
    player = game.player()
    line = Asker(player, {}).line("get_new_mail", new_id())
    first = exchange(game, line)
    assert len(json.loads(first)["data"]["mail"]) == 1
    assert player.call("get_new_mail")["data"]["mail"] == []
    assert exchange(game, line) == first


def test_without_an_id_new_mails_are_listed_once(game: Game) -> None:
    asker = PLAYER(game)
    listed = [json.loads(exchange(game, asker.line("get_new_mail", "")))["data"]["mail"] for _ in range(2)]
    assert [len(mails_) for mails_ in listed] == [1, 0]


def test_no_token_is_in_the_database(game: Game) -> None:
    for name in ("register", "login_unique", "login", "enter_world", "get_login_token_chat"):
        request_id = new_id()
        answer = exchange(game, CASES.get(name, PLAYER)(game).line(name, request_id))
        secret = token_of(answer, "session" if name == "enter_world" else "token")
        [[stored, owner]] = execute(game, "SELECT answer, owner FROM request WHERE id = %s", request_id)
        assert secret.encode() not in stored
        assert len(stored) > len(answer)
        assert len(owner) <= 40


def test_a_registration_without_a_device_makes_one_account(game: Game) -> None:
    name = new_account_name()
    fields = {"unique_id": "", "account": name, "password": "secret1"}
    line = Asker(Player(game.gate), fields).line("register", new_id())
    assert [json.loads(answer)["status"] for answer in repeat_at_once(game, line)] == [1] * AT_ONCE
    assert execute(game, "SELECT COUNT(*) FROM account WHERE account = %s", name) == [(1,)]
    assert json.loads(exchange(game, Asker(Player(game.gate), fields).line("register", new_id())))["status"] == 97


