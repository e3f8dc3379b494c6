"""The player of an account in a world: entering, creating, naming, showing."""

import re
from collections.abc import Mapping
from typing import Any, Unpack

from apps.worker import worlds
from apps.worker.fields import FieldError, Label
from apps.worker.module.common import ActTools, FreeTools, GameError, ReadTools, Reply, Tools, ok
from apps.worker.module.enums import Item, Limits
from apps.worker.players import find
from apps.worker.rules import (
    elements,
    energy_account,
    families,
    gifts,
    items,
    letters,
    levels,
    names,
    new_player,
    player_names,
    shanghai,
    tickets,
    timers,
)
from apps.worker.rules.items import NotEnoughError
from common.mysql import DuplicateError

RENAME_DIAMONDS = 100
LONGEST_INTRO = 128
MOST_KEYS = 50
ICON = re.compile(r"[A-Za-z0-9_-]{1,16}")


def get_account_world_info(uid: str, **kwargs: Unpack[ReadTools]) -> Reply:
    """List all worlds, with the account's player in each."""
    curve = kwargs["config"]["player_experience"]["player_level"]["experience"]
    rows = kwargs["db"].all("SELECT origin, gn, exp FROM player WHERE account = %s", uid)
    players = {origin: (gn, exp) for origin, gn, exp in rows}
    shown = []
    for world in worlds.listed(kwargs["config"]):
        gn, exp = players.get(world.id, ("", 0))
        shown.append({"server_status": world.status, "world": world.id, "world_name": world.name, "gn": gn,
                      "exp": exp, "level": levels.level(exp, curve) if gn else 0})
    return ok({"worlds": shown})


def enter_world(uid: str, **kwargs: Unpack[ActTools]) -> Reply:
    """Return a session token for this world. 98: the account has no player here yet."""
    player = kwargs["database"].read(lambda db: find(db, uid, kwargs["world"].id))
    session = kwargs["services"].auth.issue_session_token(uid, kwargs["world"].id)
    data = {"cid": uid, "session": session}
    return ok(data) if player else Reply(98, "no player here yet", data)


def create_player(uid: str, gn: str, icon: Label = "0", **kwargs: Unpack[Tools]) -> Reply:
    """Create the account's player in this world, with all that a new player has, and a gift by mail.

    99: the account has a player here, or the name is used. 98: the name is not allowed.
    """
    if not kwargs["services"].words.allows(gn):
        raise GameError(98, "this name is not allowed")
    _require_icon(icon, kwargs["config"])
    db, world, rule = kwargs["db"], kwargs["world"], kwargs["config"]["new_player"]
    player = new_player.new_uid(kwargs["random"])
    try:
        new_player.create(db, player, account=uid, world=world, gn=gn, icon=icon, config=kwargs["config"])
    except DuplicateError as error:
        raise GameError(99, "the account has a player here, or the name is used") from error
    gift = rule["gift"]
    gifts.send(db, letters.Recipient(player, world.home), items.parse_all(gift["items"]), sender=gift["from"],
               subject=gift["subject"], body=gift["body"])
    return ok({"gn": gn, "icon": icon})


def change_player_name(uid: str, gn: str, **kwargs: Unpack[Tools]) -> Reply:
    """Take another name for 100 diamonds. 97: not allowed. 99: used, also by oneself. 98: too few diamonds."""
    db, world = kwargs["db"], kwargs["world"]
    if not kwargs["services"].words.allows(gn):
        raise GameError(97, "this name is not allowed")
    if letters.find_player(db, world, gn) is not None:
        raise GameError(99, "this name is used")
    try:
        change = items.pay(db, uid, [items.item(Item.DIAMOND, RENAME_DIAMONDS)])
        player_names.change(db, uid, world, gn)
    except NotEnoughError as error:
        raise GameError(98, "too few diamonds") from error
    except DuplicateError as error:
        raise GameError(99, "this name is used") from error
    return ok({"gn": gn, **change.as_data("remaining")})


def player_set_intro(uid: str, intro: str, **kwargs: Unpack[Tools]) -> Reply:
    """Set the line that a player says of itself; unwanted words are masked."""
    if not names.is_text(intro, LONGEST_INTRO):
        raise FieldError(f"intro is not one line of at most {LONGEST_INTRO} characters")
    intro = kwargs["services"].words.clean("intro", intro)
    kwargs["db"].execute("UPDATE player SET intro = %s WHERE uid = %s", intro, uid)
    return ok({"intro": intro})


def player_set_icon(uid: str, icon: Label, **kwargs: Unpack[Tools]) -> Reply:
    """Choose a picture: one of ``icons`` in player.json, any where the game data has no such list."""
    _require_icon(icon, kwargs["config"])
    kwargs["db"].execute("UPDATE player SET icon = %s WHERE uid = %s", icon, uid)
    return ok({"icon": icon})


def get_info_player(uid: str, **kwargs: Unpack[ReadTools]) -> Reply:
    """Show the player."""
    db, config, now = kwargs["db"], kwargs["config"], kwargs["now"]
    row = db.one("SELECT gn, exp, vipexp, energy FROM player WHERE uid = %s", uid)
    if row is None:
        raise GameError(99, "no such player")
    gn, exp, vipexp, points = row
    limits, moments = timers.all_limits(db, uid), timers.all_timers(db, uid)
    family = families.name_of(db, uid, now)
    return ok({
        "gn": gn,
        "fn": family,
        "family_name": family,
        "energy_info": energy_account.info(points, moments, config, now),
        "stages": tickets.stages(db, uid, tickets.Counters(limits, moments, now), config, vipexp),
        "exp": exp,
        "elements": elements.levels_of(db, uid),
        "elm": limits.get(Limits.PLAYER_ELEMENT, 0),
        "bel": tickets.ENERGY_PURCHASES.left_of(limits, moments, now),
        "cd": shanghai.seconds_to_midnight(now),
    })


def get_all_resource(uid: str, **kwargs: Unpack[ReadTools]) -> Reply:
    """Show all balances."""
    rows = kwargs["db"].all("SELECT iid, value FROM item WHERE uid = %s ORDER BY iid", uid)
    return ok({"items": [{"iid": iid, "value": value} for iid, value in rows]})


def accept_gifts(uid: str, gift: list[str], other: list[str], **kwargs: Unpack[Tools]) -> Reply:
    """Claim the gifts of mails, each once; mark them and the ``other`` mails as read.

    A key that holds no gift of this player is listed in ``error``, and nothing happens to what it does hold.
    """
    gift_keys, other_keys = _keys(gift), _keys(other)
    error, success = list(other_keys), {}
    for key in gift_keys:
        change = gifts.claim(kwargs["db"], uid, key) if letters.is_key(key) else None
        if change is None:
            error.append(key)
        else:
            success[key] = [_claimed(*pair) for pair in zip(change.remain, change.reward, strict=True)]
    letters.mark_read(kwargs["db"], letters.Recipient(uid, kwargs["world"].home), [*gift_keys, *other_keys])
    return ok({"error": error, "success": success})


def get_config_player(**kwargs: Unpack[FreeTools]) -> Reply:
    """Return the levels of players and how energy comes back; ``time`` is in seconds a point."""
    rule = energy_account.rule_of(kwargs["config"])
    return ok({"player_config": kwargs["config"]["player_experience"],
               "energy": {"time": rule.seconds, "max_energy": rule.maximum}})


def update_init(**kwargs: Unpack[FreeTools]) -> Reply:  # noqa: ARG001  # what every function takes
    """Do nothing, as ever."""
    return ok()


def _claimed(remain: str, reward: str) -> dict[str, int]:
    left, got = items.parse(remain), items.parse(reward)
    return {"gid": int(got.gid), "id": int(got.iid), "remaining": left.quantity, "reward": got.quantity}


def _keys(keys: list[str]) -> list[str]:
    """Return each key once, in their order. Raises FieldError for more than a mailbox holds."""
    if len(keys) > MOST_KEYS:
        raise FieldError(f"gift and other hold at most {MOST_KEYS} keys")
    return list(dict.fromkeys(keys))


def _require_icon(icon: str, config: Mapping[str, Any]) -> None:
    if not ICON.fullmatch(icon):
        raise FieldError("icon is not 1 to 16 of A-Za-z0-9_-")
    if icon not in config["player"].get("icons", (icon,)):
        raise FieldError("icon is none of those that the game has")
