"""Notice, board, icon and name of a family, and what the chat learns of them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.client.player import Player
from common.nats import Client
from common.subjects import chat_control, family_chat
from tests.e2e.test_chat import hears, join
from tests.support.database_rows import execute, uid_of
from tests.support.families import (
    ADMIN,
    RENAME,
    end_disbanding,
    family_name,
    founder,
    grown,
    member,
    news,
    shown,
)
from tests.support.game import MALFORMED, Game, at_once, balances, give, name_of, new_name, statuses
from tests.support.waiting import wait_for

DIAMOND = 5


@pytest.fixture
def told(game: Game) -> Iterator[list[dict[str, Any]]]:
    """What edges are told of the players of the world, as it comes."""
    heard: list[dict[str, Any]] = []
    client = Client([game.endpoints["nats"]], name="test")
    client.start()
    client.subscribe(chat_control("s0"), callback=lambda message: heard.append(json.loads(message.payload)))
    client.flush()
    yield heard
    client.stop()


def names_told(told: list[dict[str, Any]], uid: str, count: int) -> list[str]:
    """Return the families that were told of a player, once there are ``count``."""
    wait_for(lambda: len([entry for entry in told if entry["uid"] == uid]) >= count, what=f"{count} changes in {told}")
    entries = [entry for entry in told if entry["uid"] == uid]
    assert all(entry["world"] == "s0" for entry in entries)
    assert [entry["time"] for entry in entries] == sorted(entry["time"] for entry in entries)
    return [entry["fn"] for entry in entries]


def test_the_notice(game: Game) -> None:
    owner = founder(game)
    admin, plain = member(game, owner, ADMIN), member(game, owner)
    assert grown(game).call("set_notice_family", msg="hi")["status"] == 99
    assert plain.call("set_notice_family", msg="hi")["status"] == 98
    answer = owner.call("set_notice_family", msg="two\nlines 💎")
    assert answer["data"] | {"seconds": 0} == {"notice": "two\nlines 💎", "limit": 4, "seconds": 0}
    assert 0 < answer["data"]["seconds"] <= 86400
    assert shown(plain)["notice"] == "two\nlines 💎"
    players = [owner, admin] * 3
    answers = at_once(6, lambda: players.pop().call("set_notice_family", msg="again"))
    assert statuses(answers) == [0] * 4 + [97] * 2


def test_the_board(game: Game) -> None:
    owner = founder(game)
    plain = member(game, owner)
    assert grown(game).call("set_blackboard_family", msg="hi")["status"] == 99
    assert plain.call("set_blackboard_family", msg="hi")["status"] == 98
    for text in ("hi", "x" * 128, "', notice = 'x", ""):
        assert owner.call("set_blackboard_family", msg=text)["data"] == {"board": text}
        assert (shown(plain)["board"], shown(plain)["notice"]) == (text, "")


@pytest.mark.parametrize("msg", ["x" * 129, "a\x07", "\x1b[2J", 5, None])
def test_texts_that_are_none(game: Game, msg: object) -> None:
    owner = founder(game)
    for function in ("set_notice_family", "set_blackboard_family"):
        assert owner.call(function, msg=msg)["status"] == MALFORMED
    assert (shown(owner)["notice"], shown(owner)["board"]) == ("", "")


def test_the_icon(game: Game) -> None:
    owner = founder(game)
    plain = member(game, owner)
    for player, icon, status in ((grown(game), -1, 99), (grown(game), 2, 98), (plain, 2, 97), (owner, 1, 96),
                                 (owner, 65536, 99)):
        assert player.call("set_icon_family", icon=icon)["status"] == status
    assert owner.call("set_icon_family", icon="65535")["data"] == {"icon": 65535}
    assert shown(plain)["icon"] == 65535
    assert news(plain)[-1] == f"fm_5:{name_of(owner)}"


def test_another_name(game: Game) -> None:
    owner, name = founder(game, diamonds=RENAME + 3), new_name()
    plain = member(game, owner)
    old = family_name(owner)
    assert owner.call("change_name_family", name=name)["data"] == {"name": name, "iid": DIAMOND, "value": 3}
    assert (family_name(plain), news(plain)[-1]) == (name, f"fm_7:{name_of(owner)}")
    assert owner.call("search_family", family_name=old)["status"] == 99
    assert family_name(founder(game, old)) == old


def test_the_refusals_of_another_name_in_their_order(game: Game) -> None:
    owner, stranger = founder(game), grown(game)
    plain, taken = member(game, owner), family_name(founder(game))
    for bad in ("", "a b", "a,b", "a:b", "a.b", "a>", "x" * 33):
        assert stranger.call("change_name_family", name=bad)["status"] == 99
    for name in (taken, taken.upper(), family_name(owner)):
        assert owner.call("change_name_family", name=name)["status"] == 95
    for player, status in ((stranger, 98), (plain, 97), (owner, 96)):
        assert player.call("change_name_family", name=new_name())["status"] == status


def test_two_families_that_want_one_name(game: Game) -> None:
    owners, name = [founder(game, diamonds=RENAME) for _ in range(3)], new_name()
    waiting = list(owners)
    answers = at_once(3, lambda: waiting.pop().call("change_name_family", name=name))
    assert statuses(answers) == [0, 95, 95]
    assert sorted(balances(owner)[DIAMOND] for owner in owners) == [0, RENAME, RENAME]


def test_the_name_of_a_family_that_has_ended(game: Game) -> None:
    ended, owner = founder(game), founder(game, diamonds=RENAME)
    name = family_name(ended)
    ended.call("disband_family")
    end_disbanding(game, ended)
    assert owner.call("change_name_family", name=name)["data"]["name"] == name


def test_members_talk_in_the_chat_of_their_family(game: Game) -> None:
    owner = founder(game)
    bea = member(game, owner)
    with join(game, owner, 0) as speaker, join(game, bea, 1) as listener:
        speaker.say("FAMILY", "hello")
        assert hears(listener, "hello") == f"0000FAMILY{name_of(owner)}:hello"
    assert family_chat("s0", family_name(bea)).startswith("chat.s0.family.")


def test_the_chat_is_told_of_every_change(game: Game, told: list[dict[str, Any]]) -> None:
    owner, new = founder(game, diamonds=RENAME), new_name()
    name, uid = family_name(owner), uid_of(game, owner)
    assert names_told(told, uid, 1) == [name]
    left, removed = member(game, owner), member(game, owner)
    give(left, "3:37:1")
    left.call("leave_family")
    owner.call("remove_user_family", gn_target=name_of(removed))
    for player in (left, removed):
        assert names_told(told, uid_of(game, player), 2) == [name, ""]
    owner.call("change_name_family", name=new)
    owner.call("disband_family")
    end_disbanding(game, owner)
    assert owner.call("get_all_family")["status"] == 99
    assert names_told(told, uid, 3) == [name, new, ""]


def test_refused_changes_are_not_told(game: Game, told: list[dict[str, Any]]) -> None:
    owner: Player = founder(game)
    assert owner.call("change_name_family", name=new_name())["status"] == 96
    assert owner.call("leave_family")["status"] == 98
    uid = uid_of(game, owner)
    later = founder(game)
    names_told(told, uid_of(game, later), 1)
    assert names_told(told, uid, 1) == [family_name(owner)]
    assert execute(game, "SELECT 1 FROM outbox WHERE kind = 'chat_member' AND body LIKE %s AND body LIKE '%%\"\"%%'",
                   f"%{uid}%") == []
