"""Coming into a family: the functions, their refusals, and the exploits that must not work."""

from tests.support.database_rows import execute, uid_of
from tests.support.families import (
    ADMIN,
    BASIC,
    family_name,
    founder,
    grown,
    invite,
    member,
    news,
    request_key,
    roles,
)
from tests.support.game import Game, at_once, mails, name_of, statuses


def test_an_invitation(game: Game) -> None:
    owner, bea = founder(game), grown(game)
    name = family_name(owner)
    answer = owner.call("invite_user_family", gn_target=name_of(bea).lower())
    assert answer == {"status": 0, "message": "success", "data": {"gn": name_of(bea), "times": 4}}
    mail = mails(bea)[-1]
    assert mail | {"time": "", "key": ""} == {
        "read": 0, "type": "3", "from": name, "subj": "FAMILY_INVITATION", "body": "", "time": "", "key": ""}
    assert bea.call("respond_family", key=mail["key"]) == {
        "status": 0, "message": "success", "data": {"name": name, "icon": 1, "exp": 0, "notice": "", "board": ""}}
    assert roles(bea) == {name_of(owner): 10, name_of(bea): BASIC}
    assert news(bea) == [f"fm_2:{name_of(owner)},{name_of(bea)}", f"fm_3:{name_of(bea)},{name_of(bea)}"]
    assert mail["key"] not in {left["key"] for left in mails(bea)}
    assert bea.call("respond_family", key=mail["key"])["status"] == 99


def test_an_application(game: Game) -> None:
    owner = founder(game)
    admin, bea, plain = member(game, owner, ADMIN), grown(game), member(game, owner)
    name = family_name(owner)
    answer = bea.call("request_join_family", name=name.upper())
    assert answer["data"] | {"cooling": 0} == {"name": name, "lim": 4, "cooling": 0}
    assert 0 < answer["data"]["cooling"] <= 86400
    for official in (owner, admin):
        mail = mails(official)[-1]
        assert (mail["type"], mail["from"], mail["subj"]) == ("3", name_of(bea), "FAMILY_REQUEST")
    assert [mail for mail in mails(plain) if mail["type"] == "3"] == []
    assert admin.call("respond_family", key=request_key(admin))["data"]["name"] == name
    assert news(bea)[-1] == f"fm_3:{name_of(admin)},{name_of(bea)}"


def test_whom_an_invitation_cannot_reach(game: Game) -> None:
    owner = founder(game)
    plain, left, young, other = member(game, owner), member(game, owner), game.player(), founder(game)
    left.call("leave_family")
    assert invite(grown(game), plain) == 99
    assert owner.call("invite_user_family", gn_target="nobody")["status"] == 93
    assert plain.call("invite_user_family", gn_target="nobody")["status"] == 98
    for target in ("", "' OR 1=1 --", "x" * 300, "%"):
        assert owner.call("invite_user_family", gn_target=target)["status"] == 93
    answer = owner.call("invite_user_family", gn_target=name_of(left))
    assert (answer["status"], set(answer["data"])) == (96, {"seconds"})
    assert [invite(owner, target) for target in (young, other, plain, owner)] == [95, 94, 94, 94]


def test_five_invitations_a_day_for_the_family_even_at_once(game: Game) -> None:
    owner = founder(game)
    admin, bea = member(game, owner, ADMIN), grown(game)
    officials = [owner, admin] * 4
    answers = at_once(8, lambda: invite(officials.pop(), bea))
    assert sorted(answers) == [0] * 5 + [91] * 3
    assert len(mails(bea)) == 6
    owner.call("abdicate_family", target=name_of(admin))
    assert invite(admin, bea) == 91


def test_a_full_mailbox(game: Game) -> None:
    owner, bea = founder(game), grown(game)
    name = name_of(bea)
    at_once(49, lambda: bea.call("send_text_mail", gn_target=name, msg="fill"))
    assert invite(owner, bea) == 92
    assert execute(game, "SELECT COUNT(*) FROM family_request WHERE uid = %s", uid_of(game, bea)) == [(0,)]
    name = name_of(owner)
    at_once(49, lambda: owner.call("send_text_mail", gn_target=name, msg="fill"))
    answer = bea.call("request_join_family", name=family_name(owner))
    assert (answer["status"], answer["data"]) == (97, {})
    owner.call("accept_gifts", gift=[], other=[mail["key"] for mail in mails(owner)])
    owner.call("delete_read_mail")
    assert bea.call("request_join_family", name=family_name(owner))["data"]["lim"] == 3


def test_the_refusals_of_applying(game: Game) -> None:
    owner, young = founder(game), game.player()
    name = family_name(owner)
    assert owner.call("request_join_family", name="nobody")["status"] == 99
    for nobody in ("", "nobody", "' OR 1=1 --", "x" * 300):
        assert young.call("request_join_family", name=nobody)["status"] == 98
    answer = young.call("request_join_family", name=name)
    assert (answer["status"], answer["data"]) == (
        95, {"exp_info": {"exp": 180, "level": 2, "need": answer["data"]["exp_info"]["need"], "reward": 0}})
    assert grown(game, "s1").call("request_join_family", name=name)["status"] == 98


def test_five_applications_a_day_even_at_once(game: Game) -> None:
    owner, bea = founder(game), grown(game)
    name = family_name(owner)
    answers = at_once(7, lambda: bea.call("request_join_family", name=name))
    assert statuses(answers) == [0] * 5 + [94] * 2
    assert sorted(answer["data"]["lim"] for answer in answers if answer["status"] == 0) == [0, 1, 2, 3, 4]
    owner.call("respond_family", key=request_key(owner))
    assert [mail for mail in mails(owner) if mail["type"] == "3"] == []
