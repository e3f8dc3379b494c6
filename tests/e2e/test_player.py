"""Players: the functions, and the exploits that must not work."""

import secrets

import pytest

from tests.support.game import Game, at_once, balances, give, mails, name_of, new_name, settle, statuses

DIAMOND = 5


def test_worlds_are_listed_with_the_players_in_them(game: Game) -> None:
    name = new_name()
    player = game.player(name)
    worlds = player.call("get_account_world_info")["data"]["worlds"]
    assert [world["world"] for world in worlds] == [f"s{number}" for number in range(len(worlds))]
    assert worlds[0] | {"world_name": ""} == {
        "server_status": 0, "world": "s0", "world_name": "", "gn": name, "exp": 180, "level": 2}
    assert (worlds[1]["gn"], worlds[1]["exp"], worlds[1]["level"]) == ("", 0, 0)


def test_entering_a_world_before_and_after_there_is_a_player(game: Game) -> None:
    guest = game.guest()
    new = guest.call("enter_world")
    assert (new["status"], set(new["data"])) == (98, {"cid", "session"})
    assert guest.call("create_player", gn=new_name())["status"] == 0
    back = guest.call("enter_world")
    assert (back["status"], back["data"]["cid"]) == (0, new["data"]["cid"])


def test_a_new_player(game: Game) -> None:
    name = new_name()
    player = game.player(name)
    info = player.call("get_info_player")["data"]
    assert info["gn"] == name
    assert info["fn"] == ""
    assert info["energy_info"] == {"energy": 120, "recover_time": "", "cooling_time": -1}
    assert info["stages"]["infos"] == {"0": 1, "1": 1000, "3": 3000, "4": 4000, "5": 4150}
    assert info["stages"]["limits"] == {"3": {"18": 3}, "4": {"19": 3, "20": 3}, "5": {"21": 3, "22": 3}}
    assert info["elements"] == {"1000": 0, "1001": 0, "1002": 0, "1003": 0}
    assert (info["exp"], info["elm"], info["bel"]) == (180, 3, 6)
    assert 0 < info["cd"] <= 86400
    assert balances(player) == {36: 0, 37: 0}


def test_the_gift_of_a_new_player(game: Game) -> None:
    player = game.player()
    [gift] = mails(player)
    assert (gift["type"], gift["subj"], gift["body"]) == ("1", "SYSTEM_REWARD", "GIFT_1")
    answer = player.call("accept_gifts", gift=[gift["key"]], other=[])
    assert answer["data"]["error"] == []
    assert {"gid": 3, "id": 5, "remaining": 10000, "reward": 10000} in answer["data"]["success"][gift["key"]]
    assert balances(player)[DIAMOND] == 10000
    assert mails(player)[0]["read"] == 1


def test_a_gift_is_granted_once_however_often_it_is_claimed_at_once(game: Game) -> None:
    player = game.player()
    key = mails(player)[0]["key"]
    answers = at_once(10, lambda: player.call("accept_gifts", gift=[key, key], other=[]))
    assert sum(key in answer["data"]["success"] for answer in answers) == 1
    assert balances(player)[DIAMOND] == 10000


def test_a_gift_belongs_to_its_owner(game: Game) -> None:
    owner, thief = game.player(), game.player()
    key = mails(owner)[0]["key"]
    assert thief.call("accept_gifts", gift=[key], other=[])["data"] == {"error": [key], "success": {}}
    assert owner.call("accept_gifts", gift=[key], other=[])["data"]["error"] == []


def test_gifts_are_granted_by_their_group(game: Game) -> None:
    player = game.player()
    for group, number in ((0, 301), (0, 510), (2, 402), (1, 7), (1, 7), (4, 2), (3, 5)):
        answer = player.call("send_gift_mail", gn_target=name_of(player), group_id=group, item_id=number, quantity=4)
        assert answer["status"] == 0
    keys = [mail["key"] for mail in mails(player) if mail["items"].count(",") == 0]
    success = player.call("accept_gifts", gift=keys, other=[])["data"]["success"]
    granted = sorted((entry["gid"], entry["id"], entry["remaining"]) for key in keys for entry in success[key])
    assert granted == [(0, 301, 4), (0, 510, 4), (1, 7, 1), (2, 402, 4), (3, 5, 4), (3, 6, 1), (4, 2, 4)]
    assert 301 not in balances(player)


def test_keys_of_no_gift_are_errors_and_harm_nothing(game: Game) -> None:
    player, friend = game.player(), game.player()
    friend.call("send_mail", gn_target=name_of(player), subj="a", body="b")
    letter = next(mail["key"] for mail in mails(player) if mail["type"] == "0")
    odd = ["", "x", "../..", "a' OR 1=1 --", letter, "0" * 32]
    assert player.call("accept_gifts", gift=odd, other=["y"])["data"] == {"error": ["y", *odd], "success": {}}


def test_long_lists_of_keys_are_refused(game: Game) -> None:
    answer = game.player().call("accept_gifts", gift=[str(number) for number in range(51)], other=[])
    assert answer["status"] == -4


def test_a_name_is_taken_once(game: Game) -> None:
    name = new_name()
    guests = [game.guest() for _ in range(6)]
    for guest in guests:
        guest.call("enter_world")
    waiting = iter(guests)
    answers = at_once(6, lambda: next(waiting).call("create_player", gn=name))
    assert statuses(answers) == [0] + [99] * 5
    loser = next(guest for guest in guests if guest.call("enter_world")["status"] == 98)
    assert loser.call("create_player", gn=name.upper())["status"] == 99
    assert loser.call("create_player", gn=new_name())["status"] == 0  # a refusal leaves no half player behind


def test_an_account_has_one_player_a_world(game: Game) -> None:
    guest = game.guest()
    guest.call("enter_world")
    answers = at_once(6, lambda: guest.call("create_player", gn=new_name()))
    assert statuses(answers) == [0] + [99] * 5
    assert len(mails(guest)) == 1


@pytest.mark.parametrize("name", ["", " ", "a b", "a.b", "a*", "a>", "a/b", "..", "a\n", "a'--", 'a"b', "a:b",
                                  "x" * 33])
def test_names_that_are_not_allowed(game: Game, name: str) -> None:
    guest = game.guest()
    assert guest.call("create_player", gn=name)["status"] == 98
    player = settle(guest)
    assert player.call("change_player_name", gn=name)["status"] == 97


def test_nul_in_a_name(game: Game) -> None:
    assert game.guest().call("create_player", gn="a\0b")["status"] == -4


def test_renaming_costs_diamonds(game: Game) -> None:
    player, other = game.player(), game.player()
    assert player.call("change_player_name", gn=new_name())["status"] == 98
    give(player, "3:5:150")
    assert player.call("change_player_name", gn=name_of(other))["status"] == 99
    assert player.call("change_player_name", gn=name_of(player))["status"] == 99
    assert balances(player)[DIAMOND] == 150
    name = new_name()
    assert player.call("change_player_name", gn=name)["data"] == {
        "gn": name, "remaining": ["3:5:50"], "reward": ["3:5:100"]}
    assert name_of(player) == name


def test_parallel_renames_pay_once_each_or_not_at_all(game: Game) -> None:
    player = game.player()
    give(player, "3:5:250")
    answers = at_once(5, lambda: player.call("change_player_name", gn=new_name()))
    assert statuses(answers) == [0, 0, 98, 98, 98]
    assert balances(player)[DIAMOND] == 50


def test_two_who_want_one_name_pay_once(game: Game) -> None:
    players = [game.player() for _ in range(4)]
    for player in players:
        give(player, "3:5:100")
    name, waiting = new_name(), iter(players)
    answers = at_once(4, lambda: next(waiting).call("change_player_name", gn=name))
    assert statuses(answers) == [0, 99, 99, 99]
    assert sorted(balances(player)[DIAMOND] for player in players) == [0, 100, 100, 100]


@pytest.mark.parametrize("intro", ["hello", "", "', fid='x", "x" * 128, "阿达 💎"])
def test_an_intro_is_text(game: Game, intro: str) -> None:
    assert game.player().call("player_set_intro", intro=intro)["data"] == {"intro": intro}


@pytest.mark.parametrize("intro", ["x" * 129, "two\nlines", 1, None])
def test_what_is_no_intro(game: Game, intro: object) -> None:
    assert game.player().call("player_set_intro", intro=intro)["status"] == -4


def test_icons(game: Game) -> None:
    player = game.player()
    assert player.call("player_set_icon", icon=7)["data"] == {"icon": "7"}
    for icon in ("", "x" * 17, "a b", "', fid='x", None, 1.5):
        assert player.call("player_set_icon", icon=icon)["status"] == -4


def test_the_icon_of_a_new_player_is_text(game: Game) -> None:
    guest = game.guest()
    guest.call("enter_world")
    assert guest.call("create_player", gn=new_name(), icon=3)["data"]["icon"] == "3"


def test_a_session_is_bound_to_its_world(game: Game) -> None:
    player = game.player()
    session = player.state.sessions["s0"]
    player.state.world = "s1"
    assert player.call("get_info_player", token=session)["status"] == 11
    assert player.call("get_info_player")["status"] == -5  # the account's token is valid, but has no player there


def test_the_account_token_works_in_a_world_too(game: Game) -> None:
    player = game.player()
    assert player.call("get_info_player", token=player.state.account)["status"] == 0


@pytest.mark.parametrize("world", ["", "s99", "../s0", "s0' --", "S0", " s0", "mysql"])
def test_unknown_worlds(game: Game, world: str) -> None:
    player = game.player()
    player.state.world = world
    assert player.call("enter_world")["status"] == -5
    assert player.call("get_info_player", token=player.state.account)["status"] == -5


def test_top_level_keys_and_unknown_fields_change_nothing(game: Game) -> None:
    player = game.player()
    before = balances(player)
    answer = player.call("get_all_resource", mul=1000, uid="somebody", unique_id="x", db="x", value=60000)
    assert {row["iid"]: row["value"] for row in answer["data"]["items"]} == before


def test_a_request_id_gives_the_first_answer_again(game: Game) -> None:
    player, request_id = game.player(), secrets.token_hex(16)
    give(player, "3:5:300")
    first = player.call("change_player_name", request_id, gn=new_name())
    assert first["status"] == 0
    assert at_once(5, lambda: player.call("change_player_name", request_id, gn=new_name())) == [first] * 5
    assert balances(player)[DIAMOND] == 200


def test_config_of_players(game: Game) -> None:
    data = game.guest().call("get_config_player")["data"]
    assert data["energy"] == {"time": 360, "max_energy": 120}
    assert len(data["player_config"]["player_level"]["experience"]) == 300


@pytest.mark.parametrize("function", [
    "get_config_version", "get_config_notice", "get_config_family", "get_config_vip", "get_config_check_in",
    "get_config_task", "get_task_config", "get_config_achievement", "get_achievement_config", "get_config_weapon",
    "get_config_role", "get_config_skill", "get_config_science", "get_config_factory", "get_config_stage",
    "get_config_exchange", "get_config_mall"])
def test_game_data(game: Game, function: str) -> None:
    answer = game.guest().call(function)
    assert answer["status"] == 0
    assert answer["data"]


def test_update_init_does_nothing(game: Game) -> None:
    assert game.player().call("update_init") == {"status": 0, "message": "success", "data": {}}
