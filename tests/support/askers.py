"""Who asks each client function with what, when its repeats are tested, so that it does what it is for."""

import secrets
from collections.abc import Callable
from typing import Any

from apps.client.player import Player
from tests.support.families import founder, grown, invite, request_key
from tests.support.friends import befriend, request_keys
from tests.support.game import Game, code_for, give, mails, name_of, new_account_name, new_name
from tests.support.repeats import Asker

Make = Callable[[Game], Asker]


def _register(game: Game) -> Asker:
    return Asker(_nobody(game), {"unique_id": "", "account": new_account_name(), "password": "secret1"})


def _login_unique(game: Game) -> Asker:
    return Asker(_nobody(game), {"unique_id": secrets.token_hex(16)})


def _login(game: Game) -> Asker:
    name = new_account_name()
    game.registered(name)
    return Asker(_nobody(game), {"identifier": "account", "value": name, "password": "secret1"})


def _nobody(game: Game) -> Player:
    return Player(game.gate)


def _bind_account(game: Game) -> Asker:
    return Asker(game.guest(), {"account": new_account_name(), "password": "secret1"})


def _bind_email(game: Game) -> Asker:
    return Asker(game.registered(), {"email": f"{secrets.token_hex(8)}@example.org"})


def _bind_phone(game: Game) -> Asker:
    player = game.player()
    assert player.call("bind_account", account=new_account_name(), password="secret1")["status"] == 0
    return Asker(player, {"phone_number": f"1{secrets.randbelow(10**10):010d}"})


def _verify(medium: str, bind: Make) -> Make:
    """Return somebody who was sent a code."""
    def make(game: Game) -> Asker:
        asker = bind(game)
        assert asker.player.call(f"bind_{medium}", **asker.fields)["status"] == 0
        [address] = asker.fields.values()
        return Asker(asker.player, {"code": code_for(game, address)}, known=asker.fields)

    return make


def _unbind(medium: str, bind: Make) -> Make:
    """Return somebody who has bound an address."""
    def make(game: Game) -> Asker:
        asker = _verify(medium, bind)(game)
        assert asker.player.call(f"verify_{medium}_code", **asker.fields)["status"] == 0
        return Asker(asker.player, asker.known)

    return make


def _create_player(game: Game) -> Asker:
    player = game.guest()
    assert player.call("enter_world")["status"] == 98
    return Asker(player, {"gn": new_name()})


def _rich(**fields: Any) -> Make:
    def make(game: Game) -> Asker:
        player = grown(game)
        give(player, "3:5:5000", "3:36:5000")
        return Asker(player, fields)

    return make


def _new_name(field: str, **fields: Any) -> Make:
    return lambda game: Asker(_rich()(game).player, {field: new_name(), **fields})


def _with_mail(field: str) -> Make:
    def make(game: Game) -> Asker:
        player = game.player()
        key = mails(player)[0]["key"]
        return Asker(player, {field: key} if field == "key" else {"gift": [key], "other": []})

    return make


def _letter(game: Game) -> Asker:
    return Asker(game.player(), {"gn_target": name_of(game.player()), "subj": "a", "body": "b"})


def _read_letter(game: Game) -> Asker:
    player = game.player()
    assert game.player().call("send_mail", gn_target=name_of(player), subj="a", body="b")["status"] == 0
    key = mails(player)[-1]["key"]
    player.call("mark_read_mail", key=key)
    return Asker(player, {"key": key})


def _stranger(field: str = "gn_target") -> Make:
    return lambda game: Asker(game.player(), {field: name_of(game.player())})


def _asked(game: Game) -> Asker:
    player = game.player()
    assert game.player().call("request_friend", gn_target=name_of(player))["status"] == 0
    return Asker(player, {"key": request_keys(player)[0]})


def _friend(field: str = "", *, sent: bool = False) -> Make:
    def make(game: Game) -> Asker:
        player, other = game.player(), game.player()
        befriend(player, other)
        if sent:
            player.call("send_gift_all")
        name = name_of(other)
        return Asker(player, {"gn_target": name} if field == "gn_target" else {"gns": [name]} if field else {})

    return make


def _giver(game: Game) -> Asker:
    asker = _friend("gn_target")(game)
    give(asker.player, "3:1:10")
    return Asker(asker.player, {"items": ["3:1:10"], **asker.fields})


def _owner(**fields: Any) -> Make:
    def make(game: Game) -> Asker:
        player = founder(game, diamonds=5000)
        give(player, "3:36:5000")
        return Asker(player, fields)

    return make


def _of_family(field: str, **fields: Any) -> Make:
    """Return the owner of a family, who names its only other member."""
    def make(game: Game) -> Asker:
        owner, member = founder(game), grown(game)
        assert invite(owner, member) == 0
        assert member.call("respond_family", key=request_key(member))["status"] == 0
        return Asker(owner, {field: name_of(member), **fields})

    return make


def _member(game: Game) -> Asker:
    owner, member = founder(game), grown(game)
    assert invite(owner, member) == 0
    assert member.call("respond_family", key=request_key(member))["status"] == 0
    return Asker(member, {})


def _invitation(game: Game) -> Asker:
    owner, member = founder(game), grown(game)
    assert invite(owner, member) == 0
    return Asker(member, {"key": request_key(member)})


def _candidate(game: Game) -> Asker:
    return Asker(founder(game), {"gn_target": name_of(grown(game))})


def _applicant(game: Game) -> Asker:
    owner = founder(game)
    return Asker(grown(game), {"name": owner.call("get_info_player")["data"]["fn"]})


def _player(**fields: Any) -> Make:
    return lambda game: Asker(game.player(), fields)


def _after(function: str, make: Make = lambda game: Asker(game.player(), {}),
           **fields: Any) -> Make:
    """Return somebody who has asked something before."""
    def made(game: Game) -> Asker:
        player = make(game).player
        assert player.call(function)["status"] == 0
        return Asker(player, fields)

    return made


def _vip(game: Game) -> Player:
    player = game.player()
    assert player.call("purchase_vip_card", card_id=26)["status"] == 0
    return player


PLAYER = _player()
CASES: dict[str, Make] = {
    "register": _register, "login_unique": _login_unique, "login": _login, "bind_account": _bind_account,
    "bind_email": _bind_email, "verify_email_code": _verify("email", _bind_email),
    "unbind_email": _unbind("email", _bind_email),
    "bind_phone": _bind_phone, "verify_phone_code": _verify("phone", _bind_phone),
    "unbind_phone": _unbind("phone", _bind_phone),
    "create_player": _create_player, "change_player_name": _new_name("gn"),
    "player_set_intro": _player(intro="hello"), "player_set_icon": _player(icon="3"),
    "accept_gifts": _with_mail("gift"), "player_element_lv": _rich(eid=1000),
    "mark_read_mail": _with_mail("key"), "delete_mail": _read_letter, "delete_read_mail": _read_letter,
    "send_mail": _letter, "find_person": _stranger(), "request_friend": _stranger(), "respond_friend": _asked,
    "remove_friend": _friend("gn_target"), "send_gift_friend": _friend("gn_target"), "send_gift_all": _friend(),
    "get_gifts_friend": _friend("gns", sent=True), "give_friend": _giver,
    "create_family": _new_name("name", icon=1), "invite_user_family": _candidate, "request_join_family": _applicant,
    "market_purchase_family": _owner(sid="1"), "search_family": _player(family_name="T"),
    "get_all_family": _owner(), "leave_family": _member, "respond_family": _invitation,
    "set_notice_family": _owner(msg="hello"), "set_blackboard_family": _owner(msg="hello"),
    "set_icon_family": _owner(icon=2), "change_name_family": lambda game: Asker(
        founder(game, diamonds=5000), {"name": new_name()}),
    "remove_user_family": _of_family("gn_target"), "set_role_family": _of_family("gn_target", role=4),
    "abdicate_family": _of_family("target"), "disband_family": _owner(),
    "cancel_disband_family": _after("disband_family", make=_owner()),
    "welfare_purchase_family": _owner(sid="1"), "check_in_family": _owner(),
    "get_task_reward": _after("get_all_task", task_id=1),
    "get_achievement_reward": _after("get_all_achievement", achievement_id=1),
    "get_vip_daily_reward": lambda game: Asker(_vip(game), {}), "check_in_supplement": _rich(),
    "purchase_vip_card": _player(card_id=26), "purchase_vip_gift": _rich(tier=0),
    "activate_achievement": _player(aid=101),
}
"""Who asks each function, and with which fields; for all others a new player does, with none."""
