"""Running a family: the functions, their refusals, and the exploits that must not work."""

import pytest

from tests.support.database_rows import execute, uid_of
from tests.support.families import (
    ADMIN,
    BASIC,
    ELITE,
    OWNER,
    family_name,
    fill,
    founder,
    grown,
    join,
    member,
    news,
    roles,
    shown,
)
from tests.support.game import Game, at_once, balances, give, name_of, statuses

RECORD = 37


def test_removing_a_member_who_may_come_back_at_once(game: Game) -> None:
    owner = founder(game)
    bea = member(game, owner)
    give(bea, "3:37:50")
    answer = owner.call("remove_user_family", gn_target=name_of(bea).lower())
    assert answer["data"] | {"cd_time": 0} == {"gn": name_of(bea), "rmtimes": 4, "cd_time": 0}
    assert 0 < answer["data"]["cd_time"] <= 86400
    assert (family_name(bea), balances(bea)[RECORD]) == ("", 0)
    assert news(owner)[-1] == f"fm_1:{name_of(owner)},{name_of(bea)}"
    join(owner, bea)


def test_the_refusals_of_removing(game: Game) -> None:
    owner, stranger, other = founder(game), grown(game), founder(game)
    admin, equal, plain = (member(game, owner, role) for role in (ADMIN, ADMIN, BASIC))
    assert stranger.call("remove_user_family", gn_target=name_of(plain))["status"] == 99
    assert owner.call("remove_user_family", gn_target=name_of(owner))["status"] == 96
    for nobody in ("", "nobody", "' OR 1=1 --", name_of(stranger)):
        assert owner.call("remove_user_family", gn_target=nobody)["status"] == 95
    assert owner.call("remove_user_family", gn_target=name_of(other))["status"] == 98
    for player, target in ((plain, admin), (plain, owner), (admin, equal), (admin, owner)):
        assert player.call("remove_user_family", gn_target=name_of(target))["status"] == 97
    assert not [text for text in news(owner) if text.startswith("fm_1:")]
    assert admin.call("remove_user_family", gn_target=name_of(plain))["data"]["rmtimes"] == 4
    assert owner.call("remove_user_family", gn_target=name_of(equal))["data"]["rmtimes"] == 3


def test_five_removals_a_day_for_the_family_even_at_once(game: Game) -> None:
    owner = founder(game)
    victims = [member(game, owner) for _ in range(7)]
    waiting = [name_of(victim) for victim in victims]
    answers = at_once(7, lambda: owner.call("remove_user_family", gn_target=waiting.pop()))
    assert statuses(answers) == [0] * 5 + [94] * 2
    assert all(set(answer["data"]) == {"cd_time"} for answer in answers if answer["status"] == 94)
    assert len(roles(owner)) == 3
    execute(game, "UPDATE family SET day = day - INTERVAL 1 DAY WHERE owner = %s", uid_of(game, owner))
    left = next(victim for victim in victims if family_name(victim))
    assert owner.call("remove_user_family", gn_target=name_of(left))["data"]["rmtimes"] == 4


def test_roles(game: Game) -> None:
    owner = founder(game)
    bea = member(game, owner)
    assert owner.call("set_role_family", gn_target=name_of(bea), role="8") == {
        "status": 0, "message": "success", "data": {"gn": name_of(bea), "role": ADMIN}}
    assert roles(bea) == {name_of(owner): OWNER, name_of(bea): ADMIN}
    assert news(bea)[-1] == f"fm_6:{name_of(owner)},{name_of(bea)}"


def test_the_refusals_of_roles_in_their_order(game: Game) -> None:
    owner, stranger, other = founder(game), grown(game), founder(game)
    admin, equal, plain = (member(game, owner, role) for role in (ADMIN, ADMIN, BASIC))
    for player, target, role, status in (
        (stranger, name_of(stranger), 1, 95), (stranger, name_of(stranger), ELITE, 99),
        (stranger, name_of(plain), ELITE, 98), (owner, name_of(other), ELITE, 97), (owner, "nobody", ELITE, 97),
        (owner, name_of(plain), BASIC, 94), (plain, name_of(owner), OWNER, 94),
        (owner, name_of(plain), OWNER, 96), (plain, name_of(admin), ELITE, 96), (admin, name_of(plain), ADMIN, 96),
        (admin, name_of(equal), BASIC, 96), (admin, name_of(owner), BASIC, 96), (admin, name_of(plain), ELITE, 0),
        (admin, name_of(plain), BASIC, 0), (owner, name_of(equal), BASIC, 0),
    ):
        assert player.call("set_role_family", gn_target=target, role=role)["status"] == status, (target, role, status)


def test_handing_over(game: Game) -> None:
    owner = founder(game)
    bea = member(game, owner, ADMIN)
    assert bea.call("disband_family")["status"] == 0
    old, new = name_of(owner), name_of(bea)
    assert owner.call("abdicate_family", target=new) == {
        "status": 0, "message": "success", "data": {old: BASIC, new: OWNER}}
    assert roles(owner) == {old: BASIC, new: OWNER}
    assert shown(owner)["timer"] == -1
    assert news(owner)[-1] == f"fm_10:{old},{new}"
    assert owner.call("leave_family")["status"] == 0
    assert bea.call("leave_family")["status"] == 98


def test_what_is_left_of_the_day_stays_with_the_family(game: Game) -> None:
    owner = founder(game)
    heir, kicked, other = member(game, owner, ADMIN), member(game, owner), member(game, owner)
    assert owner.call("set_notice_family", msg="hi")["data"]["limit"] == 4
    assert owner.call("invite_user_family", gn_target=name_of(grown(game)))["data"]["times"] == 4
    assert owner.call("remove_user_family", gn_target=name_of(kicked))["data"]["rmtimes"] == 4
    assert owner.call("abdicate_family", target=name_of(heir))["status"] == 0
    assert heir.call("set_notice_family", msg="hi")["data"]["limit"] == 3
    assert heir.call("invite_user_family", gn_target=name_of(grown(game)))["data"]["times"] == 3
    assert heir.call("remove_user_family", gn_target=name_of(other))["data"]["rmtimes"] == 3


def test_the_refusals_of_handing_over_in_their_order(game: Game) -> None:
    owner, stranger, other = founder(game), grown(game), founder(game)
    plain = member(game, owner)
    for player, target, status in (
        (stranger, "nobody", 99), (plain, "nobody", 98), (plain, name_of(stranger), 97), (plain, name_of(other), 96),
        (plain, name_of(owner), 95), (owner, name_of(stranger), 97), (owner, name_of(other), 96),
        (owner, name_of(owner), 98),
    ):
        assert player.call("abdicate_family", target=target)["status"] == status, status
    assert owner.call("abdicate_family")["status"] == -4
    assert roles(owner) == {name_of(owner): OWNER, name_of(plain): BASIC}


def test_there_is_always_exactly_one_owner(game: Game) -> None:
    owner = founder(game)
    heirs = [member(game, owner) for _ in range(3)]
    waiting = [name_of(heir) for heir in heirs]
    answers = at_once(3, lambda: owner.call("abdicate_family", target=waiting.pop()))
    assert statuses(answers) == [0, 95, 95]
    assert sorted(roles(owner).values()) == [BASIC, BASIC, BASIC, OWNER]


def test_leaving_while_becoming_the_owner(game: Game) -> None:
    owner = founder(game)
    bea = member(game, owner)
    name = name_of(bea)
    work = [(owner, "abdicate_family"), (bea, "leave_family")]

    def do() -> int:
        player, function = work.pop()
        return int(player.call(function, target=name)["status"])

    assert sorted(at_once(2, do)) in ([0, 97], [0, 98])
    assert list(roles(owner).values()).count(OWNER) == 1


def test_disbanding_and_cancelling(game: Game) -> None:
    owner, stranger = founder(game), grown(game)
    admin, plain = member(game, owner, ADMIN), member(game, owner)
    for function in ("disband_family", "cancel_disband_family"):
        assert stranger.call(function)["status"] == 99
        assert plain.call(function)["status"] == 98
    assert owner.call("cancel_disband_family")["status"] == 97
    assert admin.call("disband_family") == {"status": 0, "message": "success", "data": {"timer": 86400}}
    assert owner.call("disband_family")["status"] == 97
    assert owner.call("cancel_disband_family") == {"status": 0, "message": "success", "data": {}}
    assert shown(plain)["timer"] == -1
    assert news(plain)[-2:] == [f"fm_8:{name_of(admin)}", f"fm_9:{name_of(owner)}"]


@pytest.mark.parametrize("target", ["' OR 1=1 --", "x" * 300, "%", "a,b", "*"])
def test_targets_that_are_nobody(game: Game, target: str) -> None:
    owner = founder(game)
    fill(game, owner, 1)
    assert owner.call("remove_user_family", gn_target=target)["status"] == 95
    assert owner.call("set_role_family", gn_target=target, role=ELITE)["status"] == 97
    assert owner.call("abdicate_family", target=target)["status"] == 98
