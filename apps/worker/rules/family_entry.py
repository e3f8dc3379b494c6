"""Who may join a family: players of a certain level, and not right after they have left one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from apps.worker.module.enums import Timer
from apps.worker.rules import levels, shanghai, timers
from common.mysql import Statements, Transaction


def is_grown(exp: int, config: Mapping[str, Any]) -> bool:
    """Whether a player with this experience has the level that families ask for."""
    least: int = config["family"]["general"]["player_level"]
    return levels.level(exp, _curve(config)) >= least


def exp_info(exp: int, config: Mapping[str, Any]) -> dict[str, int]:
    """Return the level of a player as clients get it."""
    return levels.exp_info(exp, _curve(config))


def cooling_seconds(db: Statements, uid: str, now: datetime) -> int:
    """Return how long a player may not join yet; 0 when it may."""
    end = timers.get_timer(db, uid, Timer.FAMILY_JOIN_END)
    return 0 if end is None or end <= now else max(1, int((end - now).total_seconds()))


def start_cooling(db: Transaction, uid: str, now: datetime, days: int) -> int:
    """Let a player who has left a family wait; return for how many seconds."""
    wait = timedelta(days=days)
    timers.set_timer(db, uid, Timer.FAMILY_JOIN_END, shanghai.moment_text(now + wait))
    return int(wait.total_seconds())


def _curve(config: Mapping[str, Any]) -> list[int]:
    curve: list[int] = config["player_experience"]["player_level"]["experience"]
    return curve
