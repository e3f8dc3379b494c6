"""Running a family: removing members, their roles, handing it over, and disbanding it."""

from datetime import timedelta
from typing import Unpack

from apps.worker.fields import Label
from apps.worker.module import family_access
from apps.worker.module.common import GameError, Reply, Tools, ok
from apps.worker.module.enums import FamilyHistoryKeys, FamilyRole
from apps.worker.module.family_access import rule_of
from apps.worker.rules import families, family_members, family_news, family_rights, letters, shanghai
from apps.worker.rules.family_counters import Daily


def remove_user_family(uid: str, gn_target: Label, **kwargs: Unpack[Tools]) -> Reply:
    """Remove a member, who may join another family at once.

    99: in no family. 96: oneself. 94: no removals left today. 95: the target is nobody, or in no family. 98: in
    another one. 97: not allowed to.
    """
    db, now = kwargs["db"], kwargs["now"]
    caller = family_access.member(db, uid, now)
    target = letters.find_player(db, kwargs["world"], gn_target)
    if target is not None and target.uid == uid:
        raise GameError(96, "this is oneself")
    left = families.take_daily(db, caller.family, Daily.REMOVALS, now, rule_of(kwargs["config"])["rmtimes"])
    seconds = shanghai.seconds_to_midnight(now)
    if left is None:
        raise GameError(94, "no removals left today", {"cd_time": seconds})
    theirs = family_access.other(db, target, now)
    if theirs is None:
        raise GameError(95, "the player is in no family")
    if theirs.family.id != caller.family.id:
        raise GameError(98, "the player is in another family")
    if not family_rights.may_remove(caller.role, theirs.role):
        raise GameError(97, "not allowed to remove this member")
    family_members.remove(db, theirs.uid, caller.family)
    gn = letters.name_of(db, theirs.uid)
    family_news.note(db, caller.family, FamilyHistoryKeys.REMOVE, letters.name_of(db, uid), gn)
    return ok({"gn": gn, "rmtimes": left, "cd_time": seconds})


def set_role_family(uid: str, gn_target: Label, role: int, **kwargs: Unpack[Tools]) -> Reply:
    """Give a member another role.

    95: no such role. 99: oneself. 98: in no family. 97: the target is no member. 94: has the role already. 96: not
    allowed to.
    """
    db, now = kwargs["db"], kwargs["now"]
    if role not in list(FamilyRole):
        raise GameError(95, "no such role")
    target = letters.find_player(db, kwargs["world"], gn_target)
    if target is not None and target.uid == uid:
        raise GameError(99, "this is oneself")
    caller = family_access.member(db, uid, now, otherwise=98)
    theirs = family_access.other(db, target, now)
    if theirs is None or theirs.family.id != caller.family.id:
        raise GameError(97, "the player is no member")
    if theirs.role == role:
        raise GameError(94, "has this role already")
    if not family_rights.may_set_role(caller.role, theirs.role, role):
        raise GameError(96, "not allowed to give this role")
    family_members.set_role(db, theirs.uid, FamilyRole(role))
    gn = letters.name_of(db, theirs.uid)
    family_news.note(db, caller.family, FamilyHistoryKeys.ROLE, letters.name_of(db, uid), gn)
    return ok({"gn": gn, "role": role})


def abdicate_family(uid: str, target: Label, **kwargs: Unpack[Tools]) -> Reply:
    """Make another member the owner and become a plain one; that also ends disbanding.

    99: in no family. 98: the target is nobody, or oneself. 97: in no family. 96: in another one. 95: not the owner.
    """
    db, now = kwargs["db"], kwargs["now"]
    caller = family_access.member(db, uid, now)
    heir = letters.find_player(db, kwargs["world"], target)
    if heir is None or heir.uid == uid:
        raise GameError(98, "no such player to hand over to")
    theirs = family_access.other(db, heir, now)
    if theirs is None:
        raise GameError(97, "the player is in no family")
    if theirs.family.id != caller.family.id:
        raise GameError(96, "the player is in another family")
    if caller.role != FamilyRole.OWNER:
        raise GameError(95, "this takes the owner")
    family_members.hand_over(db, caller.family, heir.uid)
    old, new = letters.name_of(db, uid), letters.name_of(db, heir.uid)
    family_news.note(db, caller.family, FamilyHistoryKeys.ABDICATE, old, new)
    return ok({old: int(FamilyRole.BASIC), new: int(FamilyRole.OWNER)})


def disband_family(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """Let the family end after a day. 99: in none. 98: neither owner nor admin. 97: it ends already."""
    db, now = kwargs["db"], kwargs["now"]
    family = family_access.official(db, uid, now).family
    if family.disband is not None:
        raise GameError(97, "the family ends already")
    wait = timedelta(hours=rule_of(kwargs["config"])["disband_hours"])
    families.disband_at(db, family, now + wait)
    family_news.note(db, family, FamilyHistoryKeys.DISBAND, letters.name_of(db, uid))
    return ok({"timer": int(wait.total_seconds())})


def cancel_disband_family(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """Let the family go on. 99: in none. 98: neither owner nor admin. 97: it does not end."""
    db = kwargs["db"]
    family = family_access.official(db, uid, kwargs["now"]).family
    if family.disband is None:
        raise GameError(97, "the family does not end")
    families.disband_at(db, family, None)
    family_news.note(db, family, FamilyHistoryKeys.CANCEL_DISBAND, letters.name_of(db, uid))
    return ok()
