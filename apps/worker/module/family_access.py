"""What the functions of families begin with: the caller's family, locked, and the caller's rank in it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from apps.worker.fields import FieldError
from apps.worker.module.common import GameError
from apps.worker.rules import families, items, letters, shared_items
from apps.worker.rules.families import Membership
from apps.worker.rules.items import Change, NotEnoughError
from apps.worker.services import Services
from apps.worker.unit_of_work import Work

LARGEST_ICON = 65535
LONGEST_TEXT = 128


def rule_of(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the general part of family.json."""
    general: Mapping[str, Any] = config["family"]["general"]
    return general


def member(db: Work, uid: str, now: datetime, *, otherwise: int = 99) -> Membership:
    """Return the caller's membership with its family locked. Raises GameError ``otherwise`` for somebody without."""
    known = families.membership(db, uid, now)
    family = families.lock(db, known.family.id, now) if known else None
    if known is None or family is None:
        raise GameError(otherwise, "not in a family")
    return replace(known, family=family)


def official(db: Work, uid: str, now: datetime, *, without: int = 99, otherwise: int = 98) -> Membership:
    """Return the same for an official. Raises GameError ``without`` a family, ``otherwise`` for a plain member."""
    caller = member(db, uid, now, otherwise=without)
    if not caller.is_official:
        raise GameError(otherwise, "this takes an owner or an admin")
    return caller


def other(db: Work, target: letters.Recipient | None, now: datetime) -> Membership | None:
    """Lock another player and return that player's membership; None where there is no such player or family."""
    if target is None:
        return None
    shared_items.lock_players(db, [target.uid])
    return families.membership(db, target.uid, now)


def pay(db: Work, uid: str, cost: str, status: int) -> Change:
    """Take a price from the caller. Raises GameError ``status`` when it is too much."""
    try:
        return items.pay(db, uid, [items.parse(cost)])
    except NotEnoughError as error:
        raise GameError(status, "cannot pay") from error


def left_of(change: Change) -> dict[str, int]:
    """Return what is left of the one thing that was paid with."""
    _, iid, value = change.remain[0].split(":")
    return {"iid": int(iid), "value": int(value)}


def text(msg: str, services: Services) -> str:
    """Return what others may see of a text; line ends are allowed. Raises FieldError for one that is not allowed."""
    if not letters.is_body(msg, LONGEST_TEXT):
        raise FieldError(f"msg is not a text of at most {LONGEST_TEXT} characters")
    return services.words.clean("msg", msg)
