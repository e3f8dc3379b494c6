"""Signing in on each day of the month. Months and days are those of Shanghai; nothing goes over into the next month."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Unpack

from apps.worker.module.common import GameError, ReadTools, Reply, Tools, ok
from apps.worker.module.enums import Task
from apps.worker.rules import items, progress, shanghai, vip
from apps.worker.rules.items import Amount, Change, NotEnoughError
from apps.worker.unit_of_work import Work
from common.mysql import DuplicateError, Statements

SLOTS = 7


def check_in_sign(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """Sign today. 99: today was signed already."""
    db, config, today = kwargs["db"], kwargs["config"], _today(kwargs["now"])
    try:
        _insert(db, uid, [today])
    except DuplicateError as error:
        raise GameError(99, "today was signed already") from error
    change = items.grant(db, uid, rewards([today], config["check_in"], vip.level(db, uid, config)))
    progress.record_task(db, uid, Task.CHECK_IN, kwargs["now"])
    return ok(change.as_data(), "signed")


def check_in_supplement(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """Sign all missed days of this month before today, for a price a day. 98: none was missed. 97: too expensive."""
    db, config, today = kwargs["db"], kwargs["config"], _today(kwargs["now"])
    missed = missed_days(today, _signed(db, uid, today))
    if not missed:
        raise GameError(98, "no day was missed")
    try:
        paid = items.pay(db, uid, [cost.times(len(missed)) for cost in items.parse_all(config["check_in"]["consume"])])
    except NotEnoughError as error:
        raise GameError(97, "too expensive") from error
    _insert(db, uid, missed)
    change = items.grant(db, uid, rewards(missed, config["check_in"], vip.level(db, uid, config)))
    return ok({"supplement": _by_day(today, missed, change), **paid.as_data()}, "signed")


def check_in_all(uid: str, **kwargs: Unpack[ReadTools]) -> Reply:
    """Show which days of this month were signed; ``cd`` is in seconds to the next day."""
    today = _today(kwargs["now"])
    signed = sorted(_signed(kwargs["db"], uid, today))
    history = {_key(day): {"date": shanghai.day_text(day), "reward": 1} for day in signed}
    return ok({"today": today.day, "cd": shanghai.seconds_to_midnight(kwargs["now"]), "history": history}, "ok")


def rewards(days: Collection[date], rule: Mapping[str, Any], vip_level: int) -> list[Amount]:
    """Return the reward of each day: by the day of the month modulo 7, twice for a VIP level above that number."""
    slots = [day.day % SLOTS for day in days]
    return [items.parse(rule["reward"][str(slot)]).times(2 if vip_level > slot else 1) for slot in slots]


def missed_days(today: date, signed: Collection[date]) -> list[date]:
    """Return the days of this month before today that were not signed."""
    return [day for day in days_before(today) if day not in signed]


def days_before(today: date) -> list[date]:
    """Return the days of this month before today."""
    first = today.replace(day=1)
    return [first + timedelta(days=number) for number in range(today.day - 1)]


def _by_day(today: date, missed: list[date], change: Change) -> dict[str, dict[str, list[str]]]:
    """Return what each day before today gave; empty for those that were signed in time."""
    gave = dict(zip(missed, zip(change.remain, change.reward, strict=True), strict=True))
    return {
        _key(day): {"remain": [gave[day][0]], "reward": [gave[day][1]]} if day in gave else {}
        for day in days_before(today)
    }


def _signed(db: Statements, uid: str, today: date) -> set[date]:
    rows = db.all("SELECT day FROM check_in WHERE uid = %s AND day BETWEEN %s AND %s", uid, today.replace(day=1), today)
    return {row[0] for row in rows}


def _insert(db: Work, uid: str, days: Collection[date]) -> None:
    db.many("INSERT INTO check_in (uid, day) VALUES (%s, %s)", [(uid, day) for day in days])


def _today(now: datetime) -> date:
    return now.astimezone(shanghai.SHANGHAI).date()


def _key(day: date) -> str:
    return f"{day.day:02d}"
