"""How a family presents itself: notice, board, icon and name."""

from typing import Unpack

from apps.worker.module import family_access
from apps.worker.module.common import GameError, Reply, Tools, ok
from apps.worker.module.enums import FamilyHistoryKeys
from apps.worker.module.family_access import LARGEST_ICON, rule_of
from apps.worker.rules import families, family_members, family_news, letters, shanghai
from apps.worker.rules.family_counters import Daily
from common.mysql import DuplicateError


def set_notice_family(uid: str, msg: str, **kwargs: Unpack[Tools]) -> Reply:
    """Set the notice; unwanted words are masked. 99: in no family. 98: neither owner nor admin. 97: none left today."""
    msg = family_access.text(msg, kwargs["services"])
    db, now = kwargs["db"], kwargs["now"]
    family = family_access.official(db, uid, now).family
    left = families.take_daily(db, family, Daily.NOTICES, now, rule_of(kwargs["config"])["ntimes"])
    if left is None:
        raise GameError(97, "no notices left today")
    db.execute("UPDATE family SET notice = %s WHERE id = %s", msg, family.id)
    return ok({"notice": msg, "limit": left, "seconds": shanghai.seconds_to_midnight(now)})


def set_blackboard_family(uid: str, msg: str, **kwargs: Unpack[Tools]) -> Reply:
    """Write on the board; unwanted words are masked. 99: in no family. 98: neither owner nor admin."""
    msg = family_access.text(msg, kwargs["services"])
    family = family_access.official(kwargs["db"], uid, kwargs["now"]).family
    kwargs["db"].execute("UPDATE family SET board = %s WHERE id = %s", msg, family.id)
    return ok({"board": msg})


def set_icon_family(uid: str, icon: int, **kwargs: Unpack[Tools]) -> Reply:
    """Choose a picture. 99: no such number. 98: in no family. 97: neither owner nor admin. 96: it is set already."""
    if not 0 <= icon <= LARGEST_ICON:
        raise GameError(99, "no such icon")
    db = kwargs["db"]
    family = family_access.official(db, uid, kwargs["now"], without=98, otherwise=97).family
    if family.icon == icon:
        raise GameError(96, "this is the icon already")
    db.execute("UPDATE family SET icon = %s WHERE id = %s", icon, family.id)
    family_news.note(db, family, FamilyHistoryKeys.ICON, letters.name_of(db, uid))
    return ok({"icon": icon})


def change_name_family(uid: str, name: str, **kwargs: Unpack[Tools]) -> Reply:
    """Take another name for diamonds of the caller.

    99: not allowed. 95: taken, also by the family itself. 98: in no family. 97: neither owner nor admin.
    96: cannot pay.
    """
    if not kwargs["services"].words.allows(name):
        raise GameError(99, "this name is not allowed")
    db, now, world = kwargs["db"], kwargs["now"], kwargs["world"]
    taken = GameError(95, "this name is taken")
    holder = families.by_name(db, world, name)
    if holder is not None and not holder.is_gone(now):
        raise taken
    family = family_access.official(db, uid, now, without=98, otherwise=97).family
    change = family_access.pay(db, uid, rule_of(kwargs["config"])["costs"]["change_name"], 96)
    try:
        if not family_members.is_free(db, world, name, now):
            raise taken
        family = families.rename(db, family, name)
    except DuplicateError as error:
        raise taken from error
    family_members.announce_change(db, family_members.uids(db, family), family.world, family)
    family_news.note(db, family, FamilyHistoryKeys.CHANGE_NAME, letters.name_of(db, uid))
    return ok({"name": name, **family_access.left_of(change)})
