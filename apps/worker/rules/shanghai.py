"""Dates and times of the game: everything is counted and shown in Asia/Shanghai, which is UTC+8 all the year."""

from datetime import date, datetime, time, timedelta, timezone

OFFSET = timedelta(hours=8)
SHANGHAI = timezone(OFFSET, "Asia/Shanghai")
MOMENT = "%Y-%m-%d %H:%M:%S"


def moment_text(moment: datetime) -> str:
    """Return ``YYYY-MM-DD HH:MM:SS``."""
    return moment.astimezone(SHANGHAI).strftime(MOMENT)


def stored_text(text: str) -> str:
    """Return the same for ``YYYY-MM-DD HH:MM:SS`` in UTC, as the database writes it; parts of a second are dropped."""
    return str(datetime.fromisoformat(text[:19]) + OFFSET)


def day_text(day: date) -> str:
    """Return ``YYYY-MM-DD``."""
    return day.isoformat()


def parse(text: str) -> datetime:
    """Return the moment of a timer: a date stands for its midnight. Raises ValueError."""
    form = MOMENT if " " in text else "%Y-%m-%d"
    return datetime.strptime(text, form).replace(tzinfo=SHANGHAI)


def next_midnight(now: datetime) -> datetime:
    """Return the next reset of everything that is daily."""
    local = now.astimezone(SHANGHAI)
    return datetime.combine(local.date() + timedelta(days=1), time(), SHANGHAI)


def seconds_to_midnight(now: datetime) -> int:
    """Return whole seconds to the next reset; never 0."""
    return max(1, int((next_midnight(now) - now).total_seconds()))
