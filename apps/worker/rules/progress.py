"""Daily tasks and achievements: what a player has done, recorded by the functions in which it is done."""

from collections.abc import Collection
from datetime import datetime

from apps.worker.module.enums import Achievement, Task
from apps.worker.rules import shanghai
from apps.worker.unit_of_work import Work

TASKS_FOR_ALL = 10
LARGEST_PROGRESS = 2**62


def record_task(db: Work, uid: str, task: Task, now: datetime) -> None:
    """Note that a task was done today, and ``DONE_10_TASK`` with the tenth other one. Only the first time counts.

    What was done on an earlier day is removed: its reward lapses. The caller holds the player's lock.
    """
    day, moment = now.astimezone(shanghai.SHANGHAI).date(), shanghai.moment_text(now)
    rows = db.all("SELECT tid, done FROM task WHERE uid = %s", uid)
    today = {tid for tid, done in rows if done.date() >= day}
    if len(today) < len(rows):
        db.execute("DELETE FROM task WHERE uid = %s AND done < %s", uid, day)
    fresh = completed(today, task)
    if fresh:
        db.many("INSERT INTO task (uid, tid, done) VALUES (%s, %s, %s)", [(uid, int(tid), moment) for tid in fresh])


def completed(today: Collection[int], task: Task) -> list[Task]:
    """Return which tasks become done when ``task`` is done, where those of ``today`` are done already."""
    fresh = [] if task in today else [task]
    others = {*today, task} - {Task.DONE_10_TASK}
    if len(others) >= TASKS_FOR_ALL and Task.DONE_10_TASK not in {*today, task}:
        fresh.append(Task.DONE_10_TASK)
    return fresh


def record_achievement(db: Work, uid: str, achievement: Achievement, amount: int = 1) -> None:
    """Add to the progress of an achievement, which stops at ``LARGEST_PROGRESS``. An amount below 1 adds nothing."""
    if amount > 0:
        db.execute("INSERT INTO achievement (uid, aid, value) VALUES (%s, %s, %s) "
                   "ON DUPLICATE KEY UPDATE value = LEAST(value + VALUES(value), %s)",
                   uid, int(achievement), min(amount, LARGEST_PROGRESS), LARGEST_PROGRESS)


def raise_achievement(db: Work, uid: str, achievement: Achievement, value: int) -> None:
    """Set the progress of an achievement, unless it is higher already."""
    db.execute("INSERT INTO achievement (uid, aid, value) VALUES (%s, %s, %s) "
               "ON DUPLICATE KEY UPDATE value = GREATEST(value, VALUES(value))", uid, int(achievement), value)


def set_achievement(db: Work, uid: str, achievement: Achievement, value: int) -> None:
    """Set the progress of an achievement; tiers that were claimed stay claimed."""
    db.execute("INSERT INTO achievement (uid, aid, value) VALUES (%s, %s, %s) "
               "ON DUPLICATE KEY UPDATE value = VALUES(value)", uid, int(achievement), value)
