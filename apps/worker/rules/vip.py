"""VIP experience and the level that follows from it; below the first threshold the level is 0."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.worker.module.enums import Achievement
from apps.worker.rules import levels, progress
from apps.worker.unit_of_work import Work
from common.mysql import Statements

LARGEST_EXP = 2**62


def info(db: Statements, uid: str, config: Mapping[str, Any]) -> dict[str, int]:
    """Return what clients get: ``{"exp", "level", "need", "reward": 0}``."""
    return levels.exp_info(_exp(db, uid), _curve(config))


def level(db: Statements, uid: str, config: Mapping[str, Any]) -> int:
    """Return the VIP level of a player."""
    return info(db, uid, config)["level"]


def add_exp(db: Work, uid: str, amount: int, config: Mapping[str, Any]) -> dict[str, int]:
    """Add VIP experience; return what clients get. The achievement of the VIP level rises with it.

    ``amount`` is not negative. The caller holds the player's lock.
    """
    db.execute("UPDATE player SET vipexp = LEAST(vipexp + %s, %s) WHERE uid = %s", amount, LARGEST_EXP, uid)
    gained = levels.exp_info(_exp(db, uid), _curve(config), amount)
    if gained["level"]:
        progress.raise_achievement(db, uid, Achievement.LV_VIP, gained["level"])
    return gained


def _exp(db: Statements, uid: str) -> int:
    return int(db.value("SELECT vipexp FROM player WHERE uid = %s", uid))


def _curve(config: Mapping[str, Any]) -> Sequence[int]:
    curve: Sequence[int] = config["vip_config"]["vip_level"]["experience"]
    return curve
