"""Families: founding one, leaving it, and looking at one's own and at others."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack

from apps.worker.fields import FieldError
from apps.worker.module import family_access
from apps.worker.module.common import GameError, ReadTools, Reply, Tools, ok
from apps.worker.module.enums import FamilyHistoryKeys, FamilyRole
from apps.worker.module.family_access import LARGEST_ICON, rule_of
from apps.worker.rules import (
    accounts,
    families,
    family_directory,
    family_entry,
    family_members,
    family_news,
    family_page,
    letters,
    utc,
)
from apps.worker.unit_of_work import Work, writable
from common.mysql import DuplicateError

NO_TIMER = -1
MOST_AT_RANDOM = 50


def create_family(uid: str, name: str, icon: int, **kwargs: Unpack[Tools]) -> Reply:
    """Found a family for diamonds and own it. Who has just left another may do that: it costs enough.

    95: level too low. 99: the name is not allowed. 98: in a family. 96: the name is taken. 97: cannot pay.
    """
    if not 0 <= icon <= LARGEST_ICON:
        raise FieldError(f"icon is not 0 to {LARGEST_ICON}")
    db, now, world = kwargs["db"], kwargs["now"], kwargs["world"]
    _require_level(db, uid, kwargs["config"])
    if not kwargs["services"].words.allows(name):
        raise GameError(99, "this name is not allowed")
    if families.membership(db, uid, now) is not None:
        raise GameError(98, "in a family")
    taken = GameError(96, "this name is taken")
    family_members.clear_out(db, uid, now)
    if not family_members.is_free(db, world, name, now):
        raise taken
    change = family_access.pay(db, uid, rule_of(kwargs["config"])["costs"]["create"], 97)
    try:
        family = families.found(db, world, uid, name=name, icon=icon, random=kwargs["random"])
    except DuplicateError as error:
        raise taken from error
    family_members.add(db, uid, family)
    return ok({"name": name, "icon": icon, **family_access.left_of(change)})


def leave_family(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """Leave the family; joining another one has to wait. 99: in none. 98: the owner cannot leave."""
    db, now = kwargs["db"], kwargs["now"]
    caller = family_access.member(db, uid, now)
    if caller.role == FamilyRole.OWNER:
        raise GameError(98, "the owner cannot leave")
    family_members.remove(db, uid, caller.family)
    family_news.note(db, caller.family, FamilyHistoryKeys.LEAVE, letters.name_of(db, uid))
    seconds = family_entry.start_cooling(db, uid, now, rule_of(kwargs["config"])["leave_days"])
    return ok({"cd_time": seconds})


def get_all_family(uid: str, **kwargs: Unpack[ReadTools]) -> Reply:
    """Show the family with its members and news. 99: in none, also because its time to disband has come."""
    db, now = kwargs["db"], kwargs["now"]
    page = family_page.of(db, uid)
    if page is None:
        raise GameError(99, "not in a family")
    if page.is_gone(now):
        family_members.clear_out(writable(db), uid, now)
        return Reply(99, "the family was disbanded")  # not raised: what was removed stays removed
    return ok({
        **page.info,
        "members": page.members,
        "news": page.news,
        "timer": _seconds_left(page.disband, now),
        "is_checkin": int(page.checked_in is not None and page.checked_in > now),
    })


def search_family(family_name: str, **kwargs: Unpack[ReadTools]) -> Reply:
    """Show a family by its name. 99: there is none."""
    info = family_directory.by_name(kwargs["db"], kwargs["world"], family_name, kwargs["now"])
    if info is None:
        raise GameError(99, "no such family")
    return ok({"info": info})


def get_random_family(number: int = 5, **kwargs: Unpack[ReadTools]) -> Reply:
    """Show ``number`` families, 1 to 50, by chance."""
    limit = min(max(number, 1), MOST_AT_RANDOM)
    pivot = accounts.new_id(kwargs["random"], families.ID_PREFIX)
    found = family_directory.around(kwargs["db"], kwargs["world"], kwargs["now"], pivot, limit)
    kwargs["random"].shuffle(found)
    return ok({"families": found})


def _require_level(db: Work, uid: str, config: Mapping[str, Any]) -> None:
    person = family_members.person(db, uid)
    if person is None or not family_entry.is_grown(person.exp, config):
        raise GameError(95, "the level is too low")


def _seconds_left(disband: datetime | None, now: datetime) -> int:
    if disband is None:
        return NO_TIMER
    return int((disband - utc.stored(now)).total_seconds())
