"""Achievements: lasting progress, and diamonds for each tier of it."""

from collections.abc import Mapping
from typing import Any, Unpack

from apps.worker.field_types import Number
from apps.worker.module.common import GameError, Reply, Tools, ok
from apps.worker.module.enums import Achievement, Item
from apps.worker.rules import items, logins, progress
from apps.worker.unit_of_work import Work

REPORTED_BY_CLIENTS = frozenset(member for member in Achievement if member > 100)
"""What happens in the client alone, so that the server takes its word for it, once."""

Tier = tuple[int, int]
"""A threshold of progress, and its diamonds."""


def get_all_achievement(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """List the achievements that have progress. The first look of a day counts as its login."""
    logins.record(kwargs["db"], uid, kwargs["now"])
    rows = kwargs["db"].all("SELECT aid, value, reward FROM achievement WHERE uid = %s ORDER BY aid", uid)
    return ok({"achievements": [{"aid": aid, "value": value, "reward": reward} for aid, value, reward in rows]})


def get_achievement_reward(uid: str, achievement_id: Number = None, **kwargs: Unpack[Tools]) -> Reply:
    """Claim the lowest tier that was reached. 97: no such achievement. 98: no progress. 99: nothing to claim."""
    if achievement_id not in list(Achievement):
        raise GameError(97, "no such achievement")
    tiers = tiers_of(kwargs["config"], achievement_id)
    if not tiers:
        raise GameError(99, "this achievement has no rewards")
    row = kwargs["db"].one("SELECT value, reward FROM achievement WHERE uid = %s AND aid = %s", uid, achievement_id)
    if row is None:
        raise GameError(98, "no progress yet")
    value, claimed = row
    tier = next_tier(tiers, value, claimed)
    if tier is None or not _claim(kwargs["db"], uid, achievement_id, claimed, tier):
        raise GameError(99, "nothing to claim")
    threshold, diamonds = tier
    change = items.grant(kwargs["db"], uid, [items.item(Item.DIAMOND, diamonds)] if diamonds else [])
    return ok({**change.as_data(), "achievement": f"{achievement_id}:{value}:{threshold}"})


def activate_achievement(uid: str, aid: Number = None, **kwargs: Unpack[Tools]) -> Reply:
    """Report what only the client sees. 97: the server counts this one itself, or there is none such."""
    if aid not in REPORTED_BY_CLIENTS:
        raise GameError(97, "no achievement for clients to report")
    progress.raise_achievement(kwargs["db"], uid, Achievement(aid), 1)
    return ok()


def tiers_of(config: Mapping[str, Any], achievement: int) -> list[Tier]:
    """Return the tiers of an achievement by rising threshold; empty when it has none."""
    rule = config["achievement"].get(str(achievement))
    return [] if rule is None else sorted(zip(rule["count"], rule["qty"], strict=True))


def next_tier(tiers: list[Tier], value: int, claimed: int) -> Tier | None:
    """Return the lowest tier above the ``claimed`` threshold that ``value`` has reached."""
    return next((tier for tier in tiers if claimed < tier[0] <= value), None)


def _claim(db: Work, uid: str, achievement: int, claimed: int, tier: Tier) -> bool:
    return db.execute("UPDATE achievement SET reward = %s WHERE uid = %s AND aid = %s AND reward = %s",
                      tier[0], uid, achievement, claimed) == 1
