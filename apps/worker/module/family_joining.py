"""How players come into a family: invitations, applications, and the answer to both."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack

from apps.worker.fields import Label
from apps.worker.mail_client import MailClient
from apps.worker.module.common import GameError, Reply, Tools, ok
from apps.worker.module.enums import FamilyHistoryKeys, Limits, Timer
from apps.worker.module.family_access import rule_of
from apps.worker.rules import (
    families,
    family_entry,
    family_members,
    family_news,
    family_requests,
    letters,
    shanghai,
    shared_items,
)
from apps.worker.rules.families import Family, Membership
from apps.worker.rules.family_counters import Daily
from apps.worker.rules.family_members import Person
from apps.worker.rules.letters import Recipient
from apps.worker.rules.timers import DailyCounter
from apps.worker.unit_of_work import Work
from common.http_client import ServiceUnavailableError
from common.mysql import Statements


def invite_user_family(uid: str, gn_target: Label, **kwargs: Unpack[Tools]) -> Reply:
    """Invite a player by mail.

    99: in no family. 98: neither owner nor admin. 93: no such player. 96: left a family a short while ago. 95: level
    too low. 94: in a family. 91: no invitations left today. 92: the mailbox is full. 97: the mail cannot be sent.
    """
    db, now, config = kwargs["db"], kwargs["now"], kwargs["config"]
    caller = families.membership(db, uid, now)
    if caller is None:
        raise GameError(99, "not in a family")
    if not caller.is_official:
        raise GameError(98, "this takes an owner or an admin")
    target = letters.find_player(db, kwargs["world"], gn_target)
    person = family_members.person(db, target.uid) if target else None
    if target is None or person is None:
        raise GameError(93, "no such player")
    _require_may_join(db, person, now, config, cooling=96, level=95)
    if families.membership(db, target.uid, now) is not None:
        raise GameError(94, "the player is in a family")
    top = rule_of(config)["itimes"]
    if caller.family.used.on(now.date()).count(Daily.INVITATIONS) >= top:
        raise GameError(91, "no invitations left today")
    _require_room(kwargs["services"].mail, target)
    family, left = _take_invitation(db, caller, now, top)
    family_requests.invite(db, family, target)
    family_news.note(db, family, FamilyHistoryKeys.INVITE, letters.name_of(db, uid), person.gn)
    return ok({"gn": person.gn, "times": left})


def request_join_family(uid: str, name: str, **kwargs: Unpack[Tools]) -> Reply:
    """Apply to a family by mail to its officials.

    99: in a family. 98: no such family. 96: left one a short while ago. 95: level too low. 94: no applications left
    today. 97: no official can get mail, which uses up an application as well.
    """
    db, now, config = kwargs["db"], kwargs["now"], kwargs["config"]
    if families.membership(db, uid, now) is not None:
        raise GameError(99, "in a family")
    family = families.by_name(db, kwargs["world"], name)
    if family is None or family.is_gone(now):
        raise GameError(98, "no such family")
    person = family_members.person(db, uid)
    if person is None:
        raise GameError(98, "no such player")
    _require_may_join(db, person, now, config, cooling=96, level=95)
    counter = DailyCounter(Limits.FAMILY_JOIN, Timer.FAMILY_JOIN, rule_of(config)["jtimes"])
    left = counter.take(db, uid, now)
    if left is None:
        raise GameError(94, "no applications left today")
    reachable = _with_room(kwargs["services"].mail, family_members.officials(db, family))
    if not reachable:
        return Reply(97, "no mail could be delivered")
    family = families.lock(db, family.id, now)  # it may have ended, or have another name, since it was looked for
    if family is None:
        raise GameError(98, "no such family")
    family_requests.apply(db, family, uid, person.gn, reachable)
    return ok({"name": family.name, "lim": left, "cooling": shanghai.seconds_to_midnight(now)})


def respond_family(uid: str, key: str, **kwargs: Unpack[Tools]) -> Reply:
    """Accept an invitation or, as an official, an application; all requests for the same end with it.

    99: no request of the caller, or not an official any more. 98: already in a family. 97: the family is gone.
    96: it is full. 95: the player left one a short while ago. 94: level too low. A refused request stays.
    """
    db, now = kwargs["db"], kwargs["now"]
    asked = family_requests.peek(db, uid, key)
    bad_key = GameError(99, "no such request")
    if asked is None:
        raise bad_key
    family = families.lock(db, asked.family, now)
    if asked.candidate != uid:
        if family is not None and not _runs(db, uid, family, now):
            raise bad_key
        shared_items.lock_players(db, [asked.candidate])
    family, person = _require_place(db, asked.candidate, family, kwargs["config"], now)
    if not family_requests.consume(db, family, person.uid, key):
        raise bad_key
    family_members.clear_out(db, person.uid, now)
    family_members.add(db, person.uid, family)
    family_news.note(db, family, FamilyHistoryKeys.RESPOND, letters.name_of(db, uid), person.gn)
    return ok(family.info())


def _require_place(db: Work, candidate: str, family: Family | None, config: Mapping[str, Any],
                   now: datetime) -> tuple[Family, Person]:
    """Return family and player if the one may join the other now. Raises GameError."""
    if families.membership(db, candidate, now) is not None:
        raise GameError(98, "already in a family")
    person = family_members.person(db, candidate)
    if family is None or person is None:
        raise GameError(97, "the family is gone")
    if family_members.count(db, family) >= rule_of(config)["members"]["max"]:
        raise GameError(96, "the family is full")
    _require_may_join(db, person, now, config, cooling=95, level=94)
    return family, person


def _require_may_join(db: Statements, person: Person, now: datetime, config: Mapping[str, Any], *, cooling: int,
                      level: int) -> None:
    seconds = family_entry.cooling_seconds(db, person.uid, now)
    if seconds:
        raise GameError(cooling, "left a family a short while ago", {"seconds": seconds})
    if not family_entry.is_grown(person.exp, config):
        raise GameError(level, "the level is too low", {"exp_info": family_entry.exp_info(person.exp, config)})


def _runs(db: Statements, uid: str, family: Family, now: datetime) -> bool:
    caller = families.membership(db, uid, now)
    return caller is not None and caller.family.id == family.id and caller.is_official


def _take_invitation(db: Work, caller: Membership, now: datetime, top: int) -> tuple[Family, int]:
    """Count an invitation; return the family as it is now, and how many are left.

    The family is locked only here, after the mail service was asked; it may have another name by then.
    """
    family = families.lock(db, caller.family.id, now)
    if family is None:
        raise GameError(99, "not in a family")
    left = families.take_daily(db, family, Daily.INVITATIONS, now, top)
    if left is None:
        raise GameError(91, "no invitations left today")
    return family, left


def _require_room(mail: MailClient, target: Recipient) -> None:
    try:
        room = mail.has_room(target.world, target.uid)
    except ServiceUnavailableError as error:
        raise GameError(97, "the mail cannot be sent") from error
    if not room:
        raise GameError(92, "the mailbox is full")


def _with_room(mail: MailClient, officials: list[Recipient]) -> list[Recipient]:
    """Return whose mailboxes take a mail, of those that can be looked at."""
    rooms = mail.have_room([(official.world, official.uid) for official in officials])
    return [official for official, room in zip(officials, rooms, strict=True) if room]
