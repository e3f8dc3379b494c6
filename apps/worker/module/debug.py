"""Functions for developers: they give anything to anyone, and exist only where the worker was told so."""

from datetime import timedelta
from typing import Unpack

from apps.worker.field_types import Number
from apps.worker.fields import FieldError, Label
from apps.worker.module.common import GameError, Reply, Tools, ok
from apps.worker.module.enums import MailType
from apps.worker.rules import chat_control, gifts, letters, levels, vip_cards
from apps.worker.rules.items import ItemError, grant, parse_all

LONGEST_TEXT = 500
LARGEST_NUMBER = MOST_EXP = 10**9


def add_resources(uid: str, items: list[str] | None = None, **kwargs: Unpack[Tools]) -> Reply:
    """Give things of any kind to the caller."""
    try:
        gains = parse_all(items or [])
    except ItemError as error:
        raise FieldError(f"items: {error}") from error
    return ok(grant(kwargs["db"], uid, gains).as_data())


def add_exp(uid: str, exp: int, **kwargs: Unpack[Tools]) -> Reply:
    """Give experience to the caller. 99: not a positive amount."""
    if not 1 <= exp <= MOST_EXP:
        raise GameError(99, "not a positive amount")
    db = kwargs["db"]
    db.execute("UPDATE player SET exp = exp + %s WHERE uid = %s", exp, uid)
    curve = kwargs["config"]["player_experience"]["player_level"]["experience"]
    return ok(levels.exp_info(db.value("SELECT exp FROM player WHERE uid = %s", uid), curve, exp))


def send_gift_mail(gn_target: Label, group_id: int, item_id: int, quantity: int, **kwargs: Unpack[Tools]) -> Reply:
    """Send a gift to any player of the world. 99: no such player, or no such thing."""
    db = kwargs["db"]
    target = letters.find_player(db, kwargs["world"], gn_target)
    if target is None:
        raise GameError(99, "no such player")
    try:
        gift = parse_all([f"{group_id}:{item_id}:{quantity}"])
    except ItemError as error:
        raise GameError(99, str(error)) from error
    gifts.send(db, target, gift, sender=kwargs["config"]["new_player"]["gift"]["from"])
    return ok()


def send_text_mail(uid: str, gn_target: Label, msg: str, **kwargs: Unpack[Tools]) -> Reply:
    """Send a text to any player of the world, past all quotas; nothing happens when there is no such player."""
    db = kwargs["db"]
    gn, target = letters.sender_and_target(db, kwargs["world"], uid, gn_target)
    if not letters.is_body(msg, LONGEST_TEXT):
        raise FieldError(f"msg is not a text of at most {LONGEST_TEXT} characters")
    if target is not None:
        letters.send(db, target, letters.Letter(MailType.SIMPLE, gn, "subj", msg))
    return ok()


def purchase_vip_card(uid: str, card_id: Number = None, **kwargs: Unpack[Tools]) -> Reply:
    """Give the caller a VIP card that runs at once, for nothing. 99: no such card."""
    card = vip_cards.BY_ID.get(card_id or 0)
    if card is None:
        raise GameError(99, "no such card")
    return ok(vip_cards.activate(kwargs["db"], uid, card, kwargs["now"].replace(microsecond=0)))


def mute_chat_player(gn_target: Label, seconds: int, **kwargs: Unpack[Tools]) -> Reply:
    """Let a player of the world say nothing in the chat for a while; 0 seconds end it. 99: no such player."""
    target = letters.find_player(kwargs["db"], kwargs["world"], gn_target)
    if target is None:
        raise GameError(99, "no such player")
    _mute(chat_control.Target(chat_control.PLAYER, target.uid, target.world), seconds, kwargs)
    return ok()


def mute_chat_public(seconds: int, **kwargs: Unpack[Tools]) -> Reply:
    """Let nobody say anything in the public chat of the world for a while; 0 seconds end it."""
    home = kwargs["world"].home
    _mute(chat_control.Target(chat_control.PUBLIC, home, home), seconds, kwargs)
    return ok()


def announce_chat(msg: str, **kwargs: Unpack[Tools]) -> Reply:
    """Announce something to the clients of the world that asked for announcements."""
    if not letters.is_body(msg, chat_control.LONGEST_NEWS):
        raise FieldError(f"msg is not a text of at most {chat_control.LONGEST_NEWS} characters")
    chat_control.announce(kwargs["db"], kwargs["world"], " ".join(msg.split()))
    return ok()


def _mute(target: chat_control.Target, seconds: int, tools: Tools) -> None:
    if not 0 <= seconds <= LARGEST_NUMBER:
        raise FieldError(f"seconds is not between 0 and {LARGEST_NUMBER}")
    if not seconds:
        chat_control.end(tools["db"], target)
        return
    try:
        chat_control.mute(tools["db"], target, tools["now"] + timedelta(seconds=seconds),
                          tools["services"].longest_mute)
    except chat_control.TooLongError as error:
        raise FieldError(f"seconds: {error}") from error
