"""Asking, agreeing and parting: the functions, their refusals, and the exploits that must not work."""

import secrets
from datetime import UTC, datetime

import gevent
import pytest

from apps.client.player import Player
from apps.worker.rules.shanghai import SHANGHAI
from tests.support.database_rows import execute, uid_of
from tests.support.families import RENAME, end_disbanding, family_name, founder, grown, join
from tests.support.friends import (
    a_day_later,
    are_friends,
    ask,
    asked,
    befriend,
    fill_list,
    list_of,
    request_keys,
    two_friends,
)
from tests.support.game import Game, at_once, mails, name_of, new_name, statuses

NEW_EXP = 180


def today() -> str:
    return datetime.now(UTC).astimezone(SHANGHAI).date().isoformat()


def test_asking_and_agreeing(game: Game) -> None:
    ada, bea = game.player(), game.player()
    assert ada.call("get_all_friend") == {"status": 0, "message": "got all friends", "data": {"friends": []}}
    answer = ada.call("request_friend", gn_target=name_of(bea))
    assert answer == {"status": 0, "message": "sent", "data": {"gn": name_of(bea)}}
    pending = {"gn": name_of(bea), "exp": NEW_EXP, "recover": "", "since": "", "fid": "", "icon": "0", "intro": "",
               "isre": 0}
    assert (list_of(ada), list_of(bea)) == ([pending], [])
    mail = mails(bea)[-1]
    assert mail | {"time": "", "key": ""} == {
        "read": 0, "type": "2", "from": name_of(ada), "subj": "", "body": "", "time": "", "key": ""}
    answer = bea.call("respond_friend", key=mail["key"])
    assert answer == {"status": 0, "message": "success", "data": {"gn": name_of(ada), "exp": NEW_EXP}}
    assert list_of(ada) == [pending | {"since": today()}]
    assert list_of(bea) == [pending | {"gn": name_of(ada), "since": today()}]
    assert request_keys(bea) == []


def test_agreeing_answers_with_the_sender_whoever_else_is_a_friend(game: Game) -> None:
    ada, bea = two_friends(game)
    cid = game.player()
    assert ask(ada, name_of(cid)) == 0
    assert cid.call("respond_friend", key=request_keys(cid)[0])["data"]["gn"] == name_of(ada)
    assert are_friends(ada, cid)
    assert are_friends(ada, bea)


def test_who_cannot_be_asked(game: Game) -> None:
    ada, bea = two_friends(game)
    for target in ("", "nobody", "' OR 1=1 --", "x" * 300, "%"):
        assert ask(ada, target) == 97
    assert ask(ada, name_of(ada)) == 99
    assert ask(ada, name_of(bea).upper()) == 95
    assert ask(ada, name_of(game.player(world="s1"))) == 97
    assert ada.call("request_friend")["status"] == -4


def test_asking_twice(game: Game) -> None:
    ada, bea, key = asked(game)
    assert ask(ada, name_of(bea)) == 95
    assert request_keys(bea) == [key]


def test_asking_in_parallel_asks_once(game: Game) -> None:
    ada, bea = game.player(), game.player()
    name = name_of(bea)
    assert sorted(at_once(5, lambda: ask(ada, name))) == [0] + [95] * 4
    assert len(request_keys(bea)) == 1


def test_crossed_requests(game: Game) -> None:
    ada, bea, key = asked(game)
    assert ask(bea, name_of(ada)) == 95
    assert bea.call("respond_friend", key=key)["status"] == 0


def test_crossed_requests_in_parallel_are_one(game: Game) -> None:
    ada, bea = game.player(), game.player()
    pairs = [(ada, name_of(bea)), (bea, name_of(ada))]
    greenlets = [gevent.spawn(ask, *pair) for pair in pairs]
    gevent.joinall(greenlets, raise_error=True)
    assert sorted(greenlet.get() for greenlet in greenlets) == [0, 95]
    assert len(request_keys(ada) + request_keys(bea)) == 1


def test_six_requests_a_day_even_in_parallel(game: Game) -> None:
    ada, targets = game.player(), [name_of(game.player()) for _ in range(8)]
    left = list(targets)
    assert sorted(at_once(8, lambda: ask(ada, left.pop()))) == [0] * 6 + [96] * 2
    assert len(list_of(ada)) == 6
    assert ask(ada, "nobody") == 96
    a_day_later(game, ada)
    assert ask(ada, "nobody") == 97
    missing = set(targets) - {row["gn"] for row in list_of(ada)}
    assert [ask(ada, target) for target in missing] == [0, 0]


def test_refused_requests_do_not_count(game: Game) -> None:
    ada, bea = game.player(), game.player()
    assert [ask(ada, "nobody") for _ in range(7)] == [97] * 7
    assert ask(ada, name_of(bea)) == 0
    assert achievements(game, ada) == {27: 1}


def test_a_full_mailbox_leaves_nothing_behind(game: Game) -> None:
    ada, bea = game.player(), game.player()
    name = name_of(bea)
    for _ in range(49):
        bea.call("send_text_mail", gn_target=name, msg="fill")
    assert ask(ada, name) == 94
    assert list_of(ada) == []
    bea.call("delete_mail", key=mails(bea)[-1]["key"])
    assert ask(ada, name) == 0
    assert len(request_keys(bea)) == 1


def test_keys_of_no_request(game: Game) -> None:
    _, bea, key = asked(game)
    gift = mails(bea)[0]["key"]
    for wrong in ("", "x", "0" * 32, "../../x", "' OR 1=1 --", gift):
        assert bea.call("respond_friend", key=wrong)["status"] == 99
    assert gift in bea.call("accept_gifts", gift=[gift], other=[])["data"]["success"]
    assert bea.call("accept_gifts", gift=[key], other=[])["data"] == {"error": [key], "success": {}}
    assert bea.call("respond_friend", key=key)["status"] == 0
    assert bea.call("respond_friend", key=key)["status"] == 99


def test_only_the_owner_of_the_mailbox_can_agree(game: Game) -> None:
    ada, bea, key = asked(game)
    for other in (ada, game.player()):
        assert other.call("respond_friend", key=key)["status"] == 99
    assert bea.call("respond_friend", key=key)["status"] == 0
    assert are_friends(ada, bea)


def test_agreeing_in_parallel_happens_once(game: Game) -> None:
    ada, bea, key = asked(game)
    assert statuses(at_once(5, lambda: bea.call("respond_friend", key=key))) == [0] + [99] * 4
    assert are_friends(ada, bea)


@pytest.mark.parametrize("full", [0, 1])
def test_a_full_list_of_either_keeps_the_request(game: Game, full: int) -> None:
    ada, bea, key = asked(game)
    one = (ada, bea)[full]
    fill_list(game, one)
    assert bea.call("respond_friend", key=key)["status"] == 97
    assert request_keys(bea) == [key]
    execute(game, "DELETE FROM friend WHERE uid = %s AND since IS NOT NULL LIMIT 1", uid_of(game, one))
    assert bea.call("respond_friend", key=key)["status"] == 0


def test_the_last_place_is_given_once(game: Game) -> None:
    bea, senders = game.player(), [game.player() for _ in range(3)]
    fill_list(game, bea, 49)
    for sender in senders:
        assert ask(sender, name_of(bea)) == 0
    keys = request_keys(bea)
    assert statuses(at_once(3, lambda: bea.call("respond_friend", key=keys.pop()))) == [0, 97, 97]
    assert len(request_keys(bea)) == 2


def test_the_last_place_of_the_sender_is_given_once(game: Game) -> None:
    ada, targets = game.player(), [game.player() for _ in range(3)]
    fill_list(game, ada, 49)
    for target in targets:
        assert ask(ada, name_of(target)) == 0
    left = [(target, request_keys(target)[0]) for target in targets]

    def agree() -> int:
        target, key = left.pop()
        return int(target.call("respond_friend", key=key)["status"])

    assert sorted(at_once(3, agree)) == [0, 97, 97]


def test_a_request_that_was_taken_back(game: Game) -> None:
    ada, bea, old = asked(game)
    assert ada.call("remove_friend", gn_target=name_of(bea))["status"] == 0
    assert list_of(ada) == []
    assert bea.call("respond_friend", key=old)["status"] == 98
    assert not list_of(ada) + list_of(bea)
    assert ask(ada, name_of(bea)) == 0
    assert bea.call("respond_friend", key=old)["status"] == 98
    assert bea.call("respond_friend", key=request_keys(bea)[-1])["status"] == 0


def test_deleting_the_mail_refuses(game: Game) -> None:
    ada, bea, key = asked(game)
    assert bea.call("delete_mail", key=key)["data"] == {"keys": [key]}
    assert bea.call("respond_friend", key=key)["status"] == 99
    assert [row["since"] for row in list_of(ada)] == [""]
    assert ask(bea, name_of(ada)) == 0
    assert ada.call("respond_friend", key=request_keys(ada)[0])["status"] == 0
    assert are_friends(ada, bea)
    assert (len(list_of(ada)), len(list_of(bea))) == (1, 1)


def test_parting(game: Game) -> None:
    ada, bea = two_friends(game)
    answer = bea.call("remove_friend", gn_target=name_of(ada))
    assert answer == {"status": 0, "message": "removed", "data": {"gn": name_of(ada)}}
    assert not list_of(ada) + list_of(bea)
    assert ada.call("remove_friend", gn_target=name_of(bea))["status"] == 0
    assert ada.call("remove_friend", gn_target="nobody")["data"] == {"gn": "nobody"}
    assert ada.call("remove_friend", gn_target=name_of(ada))["status"] == 99
    assert ask(ada, name_of(bea)) == 0


def test_parting_and_agreeing_at_once_leave_two_friends_or_none(game: Game) -> None:
    ada, bea, key = asked(game)
    name = name_of(bea)
    gevent.joinall([gevent.spawn(bea.call, "respond_friend", key=key),
                    gevent.spawn(ada.call, "remove_friend", gn_target=name)], raise_error=True)
    assert (len(list_of(ada)), len(list_of(bea))) in {(0, 0), (1, 1)}


def test_looking_at_a_player(game: Game) -> None:
    ada, bea = game.player(), game.player()
    bea.call("player_set_intro", intro="hello")
    execute(game, "UPDATE stage SET stage = 12 WHERE uid = %s AND sid = 0", uid_of(game, bea))
    seen = {"gn": name_of(bea), "fid": "", "icon": "0", "intro": "hello", "exp": NEW_EXP, "stage": 12,
            "isfriend": False, "canfamily": False}
    assert ada.call("find_person", gn_target=name_of(bea)) == {"status": 0, "message": "found", "data": seen}
    assert ask(ada, name_of(bea)) == 0
    assert ada.call("find_person", gn_target=name_of(bea))["data"] == seen
    assert bea.call("respond_friend", key=request_keys(bea)[0])["status"] == 0
    assert ada.call("find_person", gn_target=name_of(bea))["data"] == seen | {"isfriend": True}


def test_looking_at_nobody(game: Game) -> None:
    ada = game.player()
    assert ada.call("find_person", gn_target=name_of(ada))["status"] == 98
    for target in ("", new_name(), "' OR 1=1 --", name_of(game.player(world="s1"))):
        assert ada.call("find_person", gn_target=target)["status"] == 99


def test_looking_at_a_player_by_a_number(game: Game) -> None:
    number = secrets.randbelow(9 * 10**12) + 10**12
    ada, bea = game.player(), game.player(str(number))
    assert ada.call("find_person", gn_target=number)["data"]["gn"] == name_of(bea)
    assert ada.call("find_person", gn_target=-number)["status"] == 99
    wrongs: list[object] = [True, None, 1.5, [], {}]
    for wrong in wrongs:
        assert ada.call("find_person", gn_target=wrong)["status"] == -4


def test_families_are_seen(game: Game) -> None:
    ada, bea, cid = founder(game), founder(game, diamonds=RENAME), game.player()
    befriend(ada, bea)
    elms = family_name(bea)
    assert list_of(ada)[0]["fid"] == elms
    seen = ada.call("find_person", gn_target=name_of(bea))["data"]
    assert (seen["fid"], seen["canfamily"]) == (elms, False)
    seen = ada.call("find_person", gn_target=name_of(cid))["data"]
    assert (seen["fid"], seen["canfamily"]) == ("", True)
    assert bea.call("change_name_family", name=(yews := new_name()))["status"] == 0
    assert list_of(ada)[0]["fid"] == yews
    for player in (ada, bea):
        assert player.call("disband_family")["status"] == 0
        end_disbanding(game, player)
    assert list_of(ada)[0]["fid"] == ""
    assert ada.call("find_person", gn_target=name_of(cid))["data"]["canfamily"] is False


def test_the_list_follows_a_friend_from_family_to_family(game: Game) -> None:
    ada, bea, owner = game.player(), grown(game), founder(game)
    befriend(ada, bea)
    seen = [list_of(ada)[0]["fid"]]
    kicked = {"gn_target": name_of(bea)}
    for who, function, fields in ((owner, "remove_user_family", kicked), (bea, "leave_family", {})):
        join(owner, bea)
        seen.append(list_of(ada)[0]["fid"])
        assert who.call(function, **fields)["status"] == 0
        seen.append(list_of(ada)[0]["fid"])
    assert seen == ["", family_name(owner), "", family_name(owner), ""]


def achievements(game: Game, player: Player) -> dict[int, int]:
    """Return what a player's achievements count."""
    rows = execute(game, "SELECT aid, value FROM achievement WHERE uid = %s", uid_of(game, player))
    return dict(rows)
