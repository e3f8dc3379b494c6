"""Days on which a player was here: the total and the streak are achievements, by calendar days in Shanghai."""

from datetime import date, datetime

from apps.worker.module.enums import Achievement, Timer
from apps.worker.rules import cards, progress, shanghai, timers
from apps.worker.unit_of_work import Work


def record(db: Work, uid: str, now: datetime) -> None:
    """Count this day if it is the first time today. The caller holds the player's lock."""
    moments = timers.all_timers(db, uid)
    today = now.astimezone(shanghai.SHANGHAI).date()
    last = moments.get(Timer.LOGIN)
    if last is not None and last.date() >= today:
        return
    timers.set_timer(db, uid, Timer.LOGIN, shanghai.moment_text(now))
    cards.copy_login(db, uid, shanghai.moment_text(now))
    progress.record_achievement(db, uid, Achievement.TOTAL_LOGIN)
    counted = moments.get(Timer.CONTINUOUS_LOGIN)
    _count_streak(db, uid, counted.date() if counted else None, today)


def continues(last: date | None, today: date) -> bool:
    """Whether a streak goes on that counted ``last`` as its latest day: today is the day after it."""
    return last is not None and (today - last).days == 1


def _count_streak(db: Work, uid: str, last: date | None, today: date) -> None:
    if continues(last, today):
        progress.record_achievement(db, uid, Achievement.KEEPING_LOGIN)
    else:
        progress.set_achievement(db, uid, Achievement.KEEPING_LOGIN, 1)
    timers.set_timer(db, uid, Timer.CONTINUOUS_LOGIN, shanghai.day_text(today))
