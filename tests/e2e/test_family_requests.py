"""Answering invitations and applications: the refusals, and the exploits that must not work."""

from tests.support.database_rows import execute, uid_of
from tests.support.families import (
    ADMIN,
    BASIC,
    RENAME,
    end_cooldown,
    end_disbanding,
    family_name,
    fill,
    founder,
    grown,
    invite,
    join,
    member,
    request_key,
    roles,
)
from tests.support.friends import ask, request_keys
from tests.support.game import Game, at_once, mails, name_of, new_name, statuses


def test_keys_of_no_request(game: Game) -> None:
    owner, bea = founder(game), grown(game)
    gift = mails(bea)[0]["key"]
    for key in ("", "x", "0" * 32, "' OR 1=1 --", gift):
        assert bea.call("respond_family", key=key)["status"] == 99
    assert gift in bea.call("accept_gifts", gift=[gift], other=[])["data"]["success"]
    invite(owner, bea)
    request = request_key(bea)
    assert bea.call("accept_gifts", gift=[request], other=[])["data"] == {"error": [request], "success": {}}
    assert bea.call("respond_friend", key=request)["status"] == 99
    assert bea.call("respond_family", key=request)["status"] == 0


def test_a_request_is_for_its_mailbox_alone(game: Game) -> None:
    owner, bea, eve = founder(game), grown(game), grown(game)
    invite(owner, bea)
    bea.call("request_join_family", name=family_name(owner))
    for key in (request_key(bea), request_key(owner)):
        assert eve.call("respond_family", key=key)["status"] == 99
    assert bea.call("respond_family", key=request_key(owner))["status"] == 99
    assert owner.call("respond_family", key=request_key(bea))["status"] == 99
    assert family_name(bea) == family_name(eve) == ""


def test_an_official_who_is_none_any_more_cannot_accept(game: Game) -> None:
    owner = founder(game)
    demoted, departed, bea = member(game, owner, ADMIN), member(game, owner, ADMIN), grown(game)
    bea.call("request_join_family", name=family_name(owner))
    owner.call("set_role_family", gn_target=name_of(demoted), role=BASIC)
    departed.call("leave_family")
    for official in (demoted, departed):
        assert official.call("respond_family", key=request_key(official))["status"] == 99
    assert owner.call("respond_family", key=request_key(owner))["status"] == 0


def test_one_request_is_accepted_once_by_whoever_is_first(game: Game) -> None:
    owner = founder(game)
    admin, bea = member(game, owner, ADMIN), grown(game)
    bea.call("request_join_family", name=family_name(owner))
    invite(owner, bea)
    holders = [(owner, request_key(owner)), (admin, request_key(admin)), (bea, request_key(bea))]
    waiting = list(holders)

    def respond() -> int:
        player, key = waiting.pop()
        return int(player.call("respond_family", key=key)["status"])

    answers = at_once(3, respond)
    assert answers.count(0) == 1
    assert set(answers) <= {0, 98, 99}
    assert list(roles(owner)).count(name_of(bea)) == 1


def test_no_sibling_of_a_request_pulls_somebody_in_again(game: Game) -> None:
    owner = founder(game)
    admin, bea = member(game, owner, ADMIN), grown(game)
    bea.call("request_join_family", name=family_name(owner))
    keys = {admin: request_key(admin), owner: request_key(owner)}
    assert owner.call("respond_family", key=keys[owner])["status"] == 0
    owner.call("remove_user_family", gn_target=name_of(bea))
    for official, key in keys.items():
        assert official.call("respond_family", key=key)["status"] == 99
        assert key not in {mail["key"] for mail in mails(official)}
    assert family_name(bea) == ""


def test_refusing_a_request(game: Game) -> None:
    owner = founder(game)
    admin, bea = member(game, owner, ADMIN), grown(game)
    bea.call("request_join_family", name=family_name(owner))
    key = request_key(owner)
    assert owner.call("delete_mail", key=key)["data"] == {"keys": [key]}
    assert owner.call("respond_family", key=key)["status"] == 99
    assert admin.call("respond_family", key=request_key(admin))["status"] == 0


def test_refused_requests_stay_for_later(game: Game) -> None:
    first, second, bea = founder(game), founder(game), grown(game)
    invite(first, bea)
    kept = request_key(bea)
    join(second, bea)
    assert bea.call("respond_family", key=kept)["status"] == 98
    bea.call("leave_family")
    answer = bea.call("respond_family", key=kept)
    assert (answer["status"], set(answer["data"])) == (95, {"seconds"})
    end_cooldown(game, bea)
    execute(game, "UPDATE player SET exp = 0 WHERE uid = %s", uid_of(game, bea))
    assert bea.call("respond_family", key=kept)["status"] == 94
    execute(game, "UPDATE player SET exp = 20000 WHERE uid = %s", uid_of(game, bea))
    assert bea.call("respond_family", key=kept)["status"] == 0


def test_a_request_waits_until_the_family_has_room(game: Game) -> None:
    owner, invited, applied = founder(game), grown(game), grown(game)
    invite(owner, invited)
    applied.call("request_join_family", name=family_name(owner))
    fill(game, owner, 49)
    holders = [(invited, request_key(invited)), (owner, request_key(owner))]
    for player, key in holders:
        for _ in range(2):
            assert player.call("respond_family", key=key)["status"] == 96
        assert key in {mail["key"] for mail in mails(player)}
    execute(game, "DELETE m FROM family_member m JOIN family f ON f.id = m.family WHERE f.owner = %s "
                  "AND m.uid LIKE CONCAT(f.id, 'x', %s)", uid_of(game, owner), "%")  # those that ``fill`` wrote
    assert [player.call("respond_family", key=key)["status"] for player, key in holders] == [0, 0]
    assert {name_of(invited), name_of(applied)} <= set(roles(owner))


def test_the_key_of_a_friend_request_is_no_family_request(game: Game) -> None:
    owner, bea = founder(game), grown(game)
    for official in (owner, bea):
        other = game.player()
        assert ask(other, name_of(official)) == 0
        [key] = request_keys(official)
        assert official.call("respond_family", key=key)["status"] == 99
        assert official.call("respond_friend", key=key)["data"]["gn"] == name_of(other)


def test_a_family_that_is_gone_even_if_another_has_its_name(game: Game) -> None:
    owner, bea = founder(game), grown(game)
    name = family_name(owner)
    invite(owner, bea)
    owner.call("disband_family")
    end_disbanding(game, owner)
    assert bea.call("respond_family", key=request_key(bea))["status"] == 97
    founder(game, name)
    assert bea.call("respond_family", key=request_key(bea))["status"] == 97
    assert family_name(bea) == ""


def test_a_request_outlives_a_new_name(game: Game) -> None:
    owner, bea, name = founder(game, diamonds=RENAME), grown(game), new_name()
    invite(owner, bea)
    assert owner.call("change_name_family", name=name)["status"] == 0
    assert bea.call("respond_family", key=request_key(bea))["data"]["name"] == name


def test_who_has_a_family_joins_no_second_one_by_an_old_application(game: Game) -> None:
    first, second, bea = founder(game), founder(game), grown(game)
    bea.call("request_join_family", name=family_name(first))
    bea.call("request_join_family", name=family_name(second))
    waiting = [first, second]
    answers = at_once(2, lambda: (official := waiting.pop()).call("respond_family", key=request_key(official)))
    assert statuses(answers) == [0, 98]


def test_fifty_members_at_most_even_at_once(game: Game) -> None:
    owner = founder(game)
    fill(game, owner, 47)
    players = [grown(game) for _ in range(4)]
    for player in players:
        assert invite(owner, player) == 0
    waiting = [(player, request_key(player)) for player in players]

    def respond() -> int:
        player, key = waiting.pop()
        return int(player.call("respond_family", key=key)["status"])

    assert sorted(at_once(4, respond)) == [0, 0, 96, 96]
    [[count]] = execute(game, "SELECT COUNT(*) FROM family_member m JOIN family f ON f.id = m.family "
                              "WHERE f.name = %s", family_name(owner))
    assert count == 50


def test_joining_from_a_family_that_has_ended(game: Game) -> None:
    old, new = founder(game), founder(game)
    bea = member(game, old)
    old.call("disband_family")
    end_disbanding(game, old)
    join(new, bea)
    assert name_of(bea) in roles(new)
