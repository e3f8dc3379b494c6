"""What a family gives its members: the store, presents for everybody, and the daily check-in."""

from datetime import date
from typing import Unpack

from apps.worker.fields import Label
from apps.worker.module import family_access
from apps.worker.module.common import FreeTools, GameError, Reply, Tools, ok
from apps.worker.module.enums import Achievement, FamilyHistoryKeys, Item, Task, Timer
from apps.worker.module.family_access import rule_of
from apps.worker.rules import (
    families,
    family_members,
    family_news,
    items,
    letters,
    levels,
    progress,
    shanghai,
    shared_items,
    timers,
)
from apps.worker.rules.items import Change
from apps.worker.unit_of_work import Work


def get_store_family(**kwargs: Unpack[FreeTools]) -> Reply:
    """Return the store: price and goods by the id of the entry."""
    return ok(kwargs["config"]["family"]["store"]["goods"])


def market_purchase_family(uid: str, sid: Label = "", **kwargs: Unpack[Tools]) -> Reply:
    """Buy from the store. 99: in no family. 97: no such entry. 98: cannot pay."""
    db, now = kwargs["db"], kwargs["now"]
    caller = families.membership(db, uid, now)
    if caller is None:
        raise GameError(99, "not in a family")
    good = kwargs["config"]["family"]["store"]["goods"].get(sid)
    if good is None:
        raise GameError(97, "no such entry")
    [(cost, gain)] = good.items()
    paid = family_access.pay(db, uid, cost, 98)
    gained = items.grant(db, uid, [items.parse(gain)])
    family_news.note(db, caller.family, FamilyHistoryKeys.PURCHASE, letters.name_of(db, uid))
    return ok(_both(paid, gained))


def welfare_purchase_family(uid: str, sid: Label = "", **kwargs: Unpack[Tools]) -> Reply:
    """Buy a present for every member, each kind once a day.

    99: in no family. 97: no such present. 96: bought today. 98: cannot pay.
    """
    db, now = kwargs["db"], kwargs["now"]
    family = family_access.member(db, uid, now).family
    present = kwargs["config"]["family"]["store"]["gift"].get(sid)
    if present is None:
        raise GameError(97, "no such present")
    [(cost, gains)] = present.items()
    _take_today(db, uid, sid, now.date())
    paid = family_access.pay(db, uid, cost, 98)
    members = family_members.uids(db, family)
    shared_items.lock_players(db, members)
    gained = shared_items.grant_to_all(db, members, items.parse_all(gains))
    family_news.note(db, family, FamilyHistoryKeys.PURCHASE, letters.name_of(db, uid))
    return ok(_both(paid, gained[uid]))


def check_in_family(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """Check in, once a day in whatever family: the family gains experience, the player coins. 99: in none. 98: done."""
    db, now, config = kwargs["db"], kwargs["now"], kwargs["config"]
    family = family_access.member(db, uid, now).family
    reset = timers.get_timer(db, uid, Timer.FAMILY_CHECK_IN)
    if reset is not None and reset > now:
        raise GameError(98, "checked in today")
    timers.set_timer(db, uid, Timer.FAMILY_CHECK_IN, shanghai.day_text(shanghai.next_midnight(now).date()))
    exp = families.add_exp(db, family, 1)
    rewards = rule_of(config)["rewards"]
    coins = items.parse(rewards["family_coin"])
    change = items.grant(db, uid, [coins, items.item(Item.FAMILY_COIN_RECORD, coins.quantity),
                                   *items.parse_all(rewards["special"])])
    progress.record_task(db, uid, Task.FAMILY_CHECK_IN, now)
    progress.record_achievement(db, uid, Achievement.FAMILY_CHECK_IN)
    return ok({"remaining": _entries(change.remain), "reward": _entries(change.reward),
               "exp_data": levels.exp_info(exp, config["family"]["level"]["exp"], 1)})


def _take_today(db: Work, uid: str, sid: str, today: date) -> None:
    if db.value("SELECT day FROM family_welfare WHERE uid = %s AND sid = %s", uid, sid) == today:
        raise GameError(96, "bought today")
    db.execute("INSERT INTO family_welfare (uid, sid, day) VALUES (%s, %s, %s) "
               "ON DUPLICATE KEY UPDATE day = VALUES(day)", uid, sid, today)


def _both(paid: Change, gained: Change) -> dict[str, list[str]]:
    return {"remain": paid.remain + gained.remain, "reward": paid.reward + gained.reward}


def _entries(texts: list[str]) -> list[dict[str, int]]:
    """Return item strings in the form of this answer, which leaves the group out."""
    return [{"iid": int(iid), "value": int(value)} for _, iid, value in (text.split(":") for text in texts)]
