"""Mail between players: the functions, and the exploits that must not work."""

import pytest

from tests.support.friends import ask, asked
from tests.support.game import Game, at_once, balances, mails, name_of, statuses


def test_a_mail_arrives(game: Game) -> None:
    ada, bea = game.player(), game.player()
    assert ada.call("send_mail", gn_target=name_of(bea), subj="你好", body="two\nlines 💎")["data"] == {"sent": 1}
    mail = mails(bea)[-1]
    assert mail | {"time": "", "key": ""} == {
        "read": 0, "type": "0", "from": name_of(ada), "subj": "你好", "body": "two\nlines 💎", "time": "", "key": ""}
    assert bea.call("get_all_mail")["data"]["count"] == {"cur": 2, "max": 50}


def test_new_mails_are_listed_once(game: Game) -> None:
    ada, bea = game.player(), game.player()
    assert len(bea.call("get_new_mail")["data"]["mail"]) == 1
    assert bea.call("get_new_mail")["data"]["mail"] == []
    ada.call("send_mail", gn_target=name_of(bea), subj="a", body="b")
    [mail] = bea.call("get_new_mail")["data"]["mail"]
    assert mail["read"] == 0
    assert bea.call("mark_read_mail", key=mail["key"])["data"] == {"key": mail["key"]}
    assert mails(bea)[-1]["read"] == 1


def test_keys_of_no_mail(game: Game) -> None:
    player = game.player()
    assert player.call("mark_read_mail", key="")["status"] == 99
    assert player.call("delete_mail", key="")["status"] == 99
    for key in ("x", "../../x", "0" * 32, "*", "a\nb"):
        assert player.call("mark_read_mail", key=key)["data"] == {"key": ""}
        assert player.call("delete_mail", key=key)["data"] == {"keys": []}


def test_mails_are_deleted_by_their_owner_only(game: Game) -> None:
    ada, bea = game.player(), game.player()
    ada.call("send_mail", gn_target=name_of(bea), subj="a", body="b")
    key = mails(bea)[-1]["key"]
    assert ada.call("delete_mail", key=key)["data"] == {"keys": []}
    assert bea.call("delete_mail", key=key)["data"] == {"keys": [key]}
    assert bea.call("delete_mail", key=key)["data"] == {"keys": []}


def test_a_gift_that_is_not_claimed_is_not_deleted(game: Game) -> None:
    player = game.player()
    key = mails(player)[0]["key"]
    player.call("mark_read_mail", key=key)
    assert player.call("delete_read_mail")["data"] == {"keys": []}
    assert player.call("delete_mail", key=key)["data"] == {"keys": []}
    assert key in player.call("accept_gifts", gift=[key], other=[])["data"]["success"]
    assert player.call("delete_read_mail")["data"] == {"keys": [key]}
    assert player.call("accept_gifts", gift=[key], other=[])["data"] == {"error": [key], "success": {}}
    assert balances(player)[5] == 10000


@pytest.mark.parametrize("function", ["delete_mail", "delete_read_mail"])
def test_a_gift_that_is_claimed_and_deleted_at_once_is_granted_once(game: Game, function: str) -> None:
    player = game.player()
    key = mails(player)[0]["key"]
    player.call("mark_read_mail", key=key)
    work = ["accept_gifts", function] * 4
    answers = at_once(8, lambda: player.call(work.pop(), gift=[key], other=[], key=key)["data"])
    assert [key in answer.get("success", {}) for answer in answers].count(True) == 1
    assert balances(player)[5] == 10000


def test_deleting_what_was_read(game: Game) -> None:
    ada, bea = game.player(), game.player()
    for number in range(3):
        ada.call("send_mail", gn_target=name_of(bea), subj=str(number), body="b")
    keys = {mail["subj"]: mail["key"] for mail in mails(bea)}
    bea.call("accept_gifts", gift=[], other=[keys["0"], keys["2"]])
    assert set(bea.call("delete_read_mail")["data"]["keys"]) == {keys["0"], keys["2"]}
    assert keys["1"] in {mail["key"] for mail in mails(bea)}


@pytest.mark.parametrize("function", ["delete_mail", "delete_read_mail"])
def test_a_repeated_deletion_gets_the_first_answer(game: Game, function: str) -> None:
    _, bea, key = asked(game)
    bea.call("mark_read_mail", key=key)
    fields = {"key": key} if function == "delete_mail" else {}
    first = bea.call(function, request_id="once", **fields)
    assert first["data"] == {"keys": [key]}
    assert bea.call(function, request_id="once", **fields) == first
    assert bea.call(function, **fields)["data"] == {"keys": []}


def test_who_deletes_a_request_with_what_was_read_may_ask_in_turn(game: Game) -> None:
    ada, bea, key = asked(game)
    bea.call("mark_read_mail", key=key)
    assert bea.call("delete_read_mail")["data"] == {"keys": [key]}
    assert bea.call("respond_friend", key=key)["status"] == 99
    assert ask(bea, name_of(ada)) == 0


def test_ten_mails_a_day_even_in_parallel(game: Game) -> None:
    ada, bea = game.player(), game.player()
    name = name_of(bea)
    answers = at_once(14, lambda: ada.call("send_mail", gn_target=name, subj="a", body="b"))
    assert statuses(answers) == [0] * 10 + [99] * 4
    assert sorted(answer["data"]["sent"] for answer in answers if answer["status"] == 0) == list(range(1, 11))
    assert len(mails(bea)) == 11


@pytest.mark.parametrize("target", ["", "nobody", "../s0/x", "' OR 1=1 --", "x" * 300, "%", "*"])
def test_nobody_to_write_to_costs_nothing(game: Game, target: str) -> None:
    player = game.player()
    answer = player.call("send_mail", gn_target=target, subj="a", body="b")
    assert (answer["status"], answer["data"]) == (98, {"sent": 0})


def test_writing_to_oneself(game: Game) -> None:
    player = game.player()
    assert player.call("send_mail", gn_target=name_of(player), subj="a", body="b")["status"] == 98


@pytest.mark.parametrize(("subject", "body"), [
    ("x" * 65, "b"), ("a", "x" * 501), ("a\r\nX-Lukseun-Items: 3:5:1", "b"), ("a\nb", "b"), ("a", "b\x07"),
    ("a\x1b", "b")])
def test_texts_that_are_too_long_or_hold_control_characters(game: Game, subject: str, body: str) -> None:
    ada, bea = game.player(), game.player()
    assert ada.call("send_mail", gn_target=name_of(bea), subj=subject, body=body)["status"] == 98
    assert len(mails(bea)) == 1


def test_texts_that_look_like_headers_stay_texts(game: Game) -> None:
    ada, bea = game.player(), game.player()
    body = "Items: 3:5:9\n\nX-Type: 1\n.\nFrom x"
    ada.call("send_mail", gn_target=name_of(bea), subj="items: 3:5:9", body=body)
    mail = mails(bea)[-1]
    assert (mail["type"], mail["subj"], mail["body"], "items" in mail) == ("0", "items: 3:5:9", body, False)


def test_a_full_box_takes_no_more(game: Game) -> None:
    bea, name = game.player(), ""
    name = name_of(bea)
    for _ in range(49):
        assert bea.call("send_text_mail", gn_target=name, msg="fill")["status"] == 0
    assert bea.call("get_all_mail")["data"]["count"] == {"cur": 50, "max": 50}
    answer = game.player().call("send_mail", gn_target=name, subj="a", body="b")
    assert (answer["status"], answer["data"]) == (98, {"sent": 0})
    assert len(mails(bea)) == 50


def test_mails_stay_in_their_world(game: Game) -> None:
    ada, bea = game.player(world="s0"), game.player(world="s1")
    assert ada.call("send_mail", gn_target=name_of(bea), subj="a", body="b")["status"] == 98


def test_send_merchandise_answers_as_ever(game: Game) -> None:
    assert game.player().call("send_merchandise") == "function"


def test_debug_gifts(game: Game) -> None:
    player = game.player()
    name = name_of(player)
    assert player.call("send_gift_mail", gn_target="nobody", group_id=3, item_id=5, quantity=1)["status"] == 99
    for group, number, quantity in ((3, 24, 1), (9, 1, 1), (3, 5, 0), (3, 5, -5)):
        answer = player.call("send_gift_mail", gn_target=name, group_id=group, item_id=number, quantity=quantity)
        assert answer["status"] == 99
