"""What a player can do only so often a day: plays of the special stages, and purchases of energy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.worker.module.enums import Limits, Stage, Timer
from apps.worker.rules import levels
from apps.worker.rules.timers import DailyCounter
from common.mysql import Statements

ENERGY_PURCHASES = DailyCounter(Limits.PACKAGE_ENERGY, Timer.PACKAGE_ENERGY, top=6)
DEFAULT_PURCHASES = 2


@dataclass(frozen=True)
class Counters:
    """All counters and moments of a player, at a time."""

    limits: Mapping[int, int]
    moments: Mapping[int, datetime]
    now: datetime

    def left(self, counter: DailyCounter) -> int:
        """Return what is left today of a counter."""
        return counter.left_of(self.limits, self.moments, self.now)


def stages(db: Statements, uid: str, counters: Counters, config: Mapping[str, Any], vipexp: int) -> dict[str, Any]:
    """Return the highest stage of each mode, and the plays that are left today by mode and limit."""
    rows = db.all("SELECT sid, stage FROM stage WHERE uid = %s ORDER BY sid", uid)
    return {"infos": {str(sid): stage for sid, stage in rows}, "limits": plays(counters, config, vipexp)}


def plays(counters: Counters, config: Mapping[str, Any], vipexp: int) -> dict[str, dict[str, int]]:
    """Return the plays left today, bought ones too, as ``{mode: {limit: left}}``."""
    rules = config["stages"]["constraint"]["stage"]
    vip = levels.level(vipexp, config["vip_config"]["vip_level"]["experience"])
    boss = DailyCounter(Limits.STAGE_WORLD_BOSS, Timer.STAGE_WORLD_BOSS, rules["BOSS"]["limit"])
    shown = {str(int(Stage.BOSS)): {str(int(boss.limit)): counters.left(boss)}}
    for stage, plain, bought, timer in (
        (Stage.COIN, Limits.STAGE_COIN, Limits.STAGE_COIN_VIP, Timer.STAGE_COIN),
        (Stage.EXP, Limits.STAGE_EXP, Limits.STAGE_EXP_VIP, Timer.STAGE_EXP),
    ):
        rule = rules[stage.name]
        purchases = rule["buy"]["vip"].get(str(vip), DEFAULT_PURCHASES)
        shown[str(int(stage))] = {
            str(int(plain)): counters.left(DailyCounter(plain, timer, rule["limit"])),
            str(int(bought)): counters.left(DailyCounter(bought, timer, purchases)),
        }
    return shown
