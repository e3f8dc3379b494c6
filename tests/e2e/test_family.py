"""Founding, leaving and looking at families: the functions, and the exploits that must not work."""

import secrets

import pytest

from tests.support.database_rows import execute, uid_of
from tests.support.families import (
    ADMIN,
    CREATE,
    GROWN_EXP,
    OWNER,
    end_cooldown,
    end_disbanding,
    family_name,
    founder,
    grown,
    member,
    news,
    roles,
    shown,
)
from tests.support.game import MALFORMED, Game, at_once, balances, give, name_of, new_name, statuses

COIN, RECORD = 36, 37


def test_founding(game: Game) -> None:
    ada, name = grown(game), new_name()
    give(ada, f"3:5:{CREATE + 5}")
    answer = ada.call("create_family", name=name, icon="7")
    assert answer == {"status": 0, "message": "success", "data": {"name": name, "icon": 7, "iid": 5, "value": 5}}
    info = ada.call("get_info_player")["data"]
    assert (info["fn"], info["family_name"]) == (name, name)
    assert shown(ada) == {
        "name": name, "icon": 7, "exp": 0, "notice": "", "board": "", "news": [], "timer": -1, "is_checkin": 0,
        "members": [{"gn": name_of(ada), "icon": "0", "family_role": OWNER, "exp": GROWN_EXP, "login": "",
                     "family_coin": 0, "family_coin_record": 0}]}


def test_the_refusals_of_founding_in_their_order(game: Game) -> None:
    young, rich = game.player(), founder(game, diamonds=CREATE)
    assert young.call("create_family", name="no name", icon=1)["status"] == 95
    assert rich.call("create_family", name="no name", icon=1)["status"] == 99
    assert rich.call("create_family", name=family_name(rich), icon=1)["status"] == 98
    poor = grown(game)
    assert poor.call("create_family", name=family_name(rich).upper(), icon=1)["status"] == 96
    assert poor.call("create_family", name=new_name(), icon=1)["status"] == 97


@pytest.mark.parametrize("name", ["", "x" * 33, "a,b", "a:b", "a.b", "a*", "a>", "a' OR 1=1", "a\n", "é"])
def test_names_that_break_news_or_subjects(game: Game, name: str) -> None:
    player = grown(game)
    assert player.call("create_family", name=name, icon=1)["status"] == 99


@pytest.mark.parametrize("icon", [-1, 65536, 1.5, "1; DROP TABLE family", None, True])
def test_icons_that_are_none(game: Game, icon: object) -> None:
    player = grown(game)
    give(player, f"3:5:{CREATE}")
    assert player.call("create_family", name=new_name(), icon=icon)["status"] == MALFORMED
    assert balances(player)[5] == CREATE


def test_two_who_found_the_same_family_at_once(game: Game) -> None:
    players = [grown(game) for _ in range(4)]
    for player in players:
        give(player, f"3:5:{CREATE}")
    name, waiting = new_name(), list(players)
    answers = at_once(4, lambda: waiting.pop().call("create_family", name=name, icon=1))
    assert statuses(answers) == [0, 96, 96, 96]
    assert sorted(balances(player)[5] for player in players) == [0, CREATE, CREATE, CREATE]


def test_founding_twice_at_once(game: Game) -> None:
    player = grown(game)
    give(player, f"3:5:{3 * CREATE}")
    answers = at_once(3, lambda: player.call("create_family", name=new_name(), icon=1))
    assert statuses(answers) == [0, 98, 98]
    assert balances(player)[5] == 2 * CREATE


def test_leaving(game: Game) -> None:
    owner = founder(game)
    bea = member(game, owner)
    give(bea, "3:36:40", "3:37:60")
    assert owner.call("leave_family")["status"] == 98
    assert bea.call("leave_family") == {"status": 0, "message": "success", "data": {"cd_time": 86400}}
    assert (balances(bea)[COIN], balances(bea)[RECORD]) == (40, 0)
    assert bea.call("leave_family")["status"] == 99
    assert (family_name(bea), bea.call("get_all_family")["status"]) == ("", 99)
    assert news(owner)[-1] == f"fm_0:{name_of(bea)}"
    assert list(roles(owner)) == [name_of(owner)]


def test_members_by_rank_also_those_who_have_no_rows(game: Game) -> None:
    owner = founder(game)
    plain, admin = member(game, owner), member(game, owner, ADMIN)
    execute(game, "DELETE FROM item WHERE uid = %s", uid_of(game, plain))
    give(admin, "3:36:7", "3:37:9")
    assert admin.call("get_all_achievement")["status"] == 0
    [[login]] = execute(game, "SELECT time FROM timer WHERE tid = 12 AND uid = %s", uid_of(game, admin))
    members = shown(plain)["members"]
    assert [entry["family_role"] for entry in members] == [OWNER, ADMIN, 0]
    assert [entry["login"] for entry in members] == ["", login, ""]
    assert [(entry["family_coin"], entry["family_coin_record"]) for entry in members] == [(0, 0), (7, 9), (0, 0)]


def test_news_are_the_newest_thirty_the_latest_last(game: Game) -> None:
    owner = founder(game)
    for number in range(2, 34):
        assert owner.call("set_icon_family", icon=number)["status"] == 0
    assert owner.call("disband_family")["status"] == 0
    shown_news = shown(owner)["news"]
    assert len(shown_news) == 30
    assert shown_news[-1][1] == f"fm_8:{name_of(owner)}"
    assert shown_news == sorted(shown_news, key=lambda entry: entry[0])


def test_searching(game: Game) -> None:
    owner = founder(game)
    name = family_name(owner)
    member(game, owner)
    info = {"name": name, "icon": 1, "exp": 0, "notice": "", "board": "", "people": 2}
    assert game.player().call("search_family", family_name=name.upper())["data"] == {"info": info}
    for nobody in ("", "%", "' OR 1=1 --", "x" * 300, new_name()):
        assert owner.call("search_family", family_name=nobody)["status"] == 99
    assert game.player(world="s1").call("search_family", family_name=name)["status"] == 99


def test_families_by_chance(game: Game) -> None:
    names = {family_name(founder(game)) for _ in range(3)}
    player = game.player()
    found = player.call("get_random_family", number=50)["data"]["families"]
    assert all(set(info) == {"name", "icon", "exp", "notice", "board", "people"} for info in found)
    assert len({info["name"] for info in found}) == len(found)
    if len(found) < 50:
        assert names <= {info["name"] for info in found}
    for number, most in ((-5, 1), (0, 1), (2, 2), ("3", 3), (10**9, 50)):
        assert 1 <= len(player.call("get_random_family", number=number)["data"]["families"]) <= most
    assert 3 <= len(player.call("get_random_family")["data"]["families"]) <= 5
    assert game.player(world="s3").call("get_random_family")["data"] == {"families": []}


def test_a_family_ends_for_everybody_when_its_time_has_come(game: Game) -> None:
    owner, name = founder(game), new_name()
    owner.call("create_family", name=name, icon=1)
    bea = member(game, owner)
    name = family_name(owner)
    give(bea, "3:37:50")
    assert owner.call("disband_family")["data"] == {"timer": 86400}
    assert 86390 < shown(bea)["timer"] <= 86400
    end_disbanding(game, owner)
    assert family_name(bea) == ""
    assert bea.call("search_family", family_name=name)["status"] == 99
    assert name not in {info["name"] for info in bea.call("get_random_family", number=50)["data"]["families"]}
    for function, fields, status in (
        ("cancel_disband_family", {}, 99), ("check_in_family", {}, 99), ("set_notice_family", {"msg": "a"}, 99),
        ("market_purchase_family", {"sid": "1"}, 99), ("leave_family", {}, 99), ("set_icon_family", {"icon": 2}, 98),
        ("invite_user_family", {"gn_target": name_of(bea)}, 99),
    ):
        assert owner.call(function, **fields)["status"] == status, function
    assert bea.call("get_all_family")["status"] == 99
    assert execute(game, "SELECT 1 FROM family WHERE name = %s", name) == []
    assert execute(game, "SELECT 1 FROM family_member WHERE uid = %s", uid_of(game, owner)) == []
    assert balances(bea)[RECORD] == 0


def test_the_name_of_a_family_that_has_ended_is_free(game: Game) -> None:
    owner = founder(game, diamonds=CREATE)
    name = family_name(owner)
    owner.call("disband_family")
    end_disbanding(game, owner)
    assert family_name(founder(game, name)) == name
    assert owner.call("create_family", name=new_name(), icon=1)["status"] == 0


def test_a_member_of_a_family_that_has_ended_may_found_another(game: Game) -> None:
    owner = founder(game, diamonds=CREATE)
    bea = member(game, owner)
    owner.call("disband_family")
    end_disbanding(game, owner)
    assert owner.call("create_family", name=new_name(), icon=1)["status"] == 0
    assert list(roles(owner)) == [name_of(owner)]
    assert family_name(bea) == ""


def test_who_has_left_may_found_a_family_but_not_join_one(game: Game) -> None:
    owner = founder(game)
    bea = member(game, owner)
    bea.call("leave_family")
    answer = bea.call("request_join_family", name=family_name(owner))
    assert answer["status"] == 96
    assert 86300 < answer["data"]["seconds"] <= 86400
    end_cooldown(game, bea)
    assert bea.call("request_join_family", name=family_name(owner))["status"] == 0
    give(bea, f"3:5:{CREATE}")
    assert bea.call("create_family", name=f"F_{secrets.token_hex(4)}", icon=1)["status"] == 0


def test_a_constant_number_of_statements_shows_a_family_of_any_size(game: Game) -> None:
    owner = founder(game)

    def statements() -> int:
        before = asked(game)
        shown(owner)
        return asked(game) - before

    def asked(game: Game) -> int:
        [[_, count]] = execute(game, "SHOW GLOBAL STATUS LIKE 'Com_select'")
        return int(count)

    alone = min(statements() for _ in range(5))
    for _ in range(3):
        member(game, owner)
    assert len(shown(owner)["members"]) == 4
    assert min(statements() for _ in range(5)) <= alone
