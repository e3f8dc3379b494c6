"""Rows of ``timer`` and ``limits``: moments and counters of a player, and counters that start anew every day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.worker.module.enums import Limits, Timer
from apps.worker.rules import shanghai
from common.mysql import Statements, Transaction


def get_timer(db: Statements, uid: str, timer: Timer) -> datetime | None:
    """Return a moment, or None when it was never set."""
    text = db.value("SELECT time FROM timer WHERE uid = %s AND tid = %s", uid, int(timer))
    return shanghai.parse(text) if text else None


def set_timer(db: Transaction, uid: str, timer: Timer, text: str) -> None:
    """Set a moment, in the form that ``shanghai`` writes."""
    db.execute("INSERT INTO timer (uid, tid, time) VALUES (%s, %s, %s) ON DUPLICATE KEY UPDATE time = VALUES(time)",
               uid, int(timer), text)


def get_limit(db: Statements, uid: str, limit: Limits, default: int = 0) -> int:
    """Return a counter."""
    value = db.value("SELECT value FROM limits WHERE uid = %s AND lid = %s", uid, int(limit))
    return default if value is None else int(value)


def set_limit(db: Transaction, uid: str, limit: Limits, value: int) -> None:
    """Set a counter."""
    db.execute("INSERT INTO limits (uid, lid, value) VALUES (%s, %s, %s) ON DUPLICATE KEY UPDATE value = VALUES(value)",
               uid, int(limit), value)


def all_limits(db: Statements, uid: str) -> dict[int, int]:
    """Return all counters of a player by their number."""
    return dict(db.all("SELECT lid, value FROM limits WHERE uid = %s", uid))


def all_timers(db: Statements, uid: str) -> dict[int, datetime]:
    """Return all moments of a player by their number."""
    rows = db.all("SELECT tid, time FROM timer WHERE uid = %s", uid)
    return {tid: shanghai.parse(text) for tid, text in rows if text}


@dataclass(frozen=True)
class DailyCounter:
    """Counts down from ``top`` to 0 and starts anew at midnight in Shanghai. The timer holds the day of the reset."""

    limit: Limits
    timer: Timer
    top: int

    def left_of(self, limits: Mapping[int, int], moments: Mapping[int, datetime], now: datetime) -> int:
        """Return what is left today, from the player's rows."""
        reset = moments.get(self.timer)
        if reset is None or reset <= now:
            return self.top
        return limits.get(self.limit, self.top)

    def left(self, db: Statements, uid: str, now: datetime) -> int:
        """Return what is left today."""
        reset = get_timer(db, uid, self.timer)
        if reset is None or reset <= now:
            return self.top
        return get_limit(db, uid, self.limit, self.top)

    def take(self, db: Transaction, uid: str, now: datetime) -> int | None:
        """Use one up; return what is left, or None when there was none. The caller holds the player's lock."""
        left = self.left(db, uid, now)
        if left <= 0:
            return None
        set_limit(db, uid, self.limit, left - 1)
        set_timer(db, uid, self.timer, shanghai.day_text(shanghai.next_midnight(now).date()))
        return left - 1
