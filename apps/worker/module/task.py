"""The tasks of the day, and their rewards. A reward that is not claimed on the day lapses."""

from datetime import datetime
from typing import Unpack

from apps.worker.field_types import Number
from apps.worker.module.common import GameError, Reply, Tools, ok
from apps.worker.module.enums import Item, Task
from apps.worker.rules import items, progress, shanghai
from apps.worker.unit_of_work import Work


def get_all_task(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """List the tasks that are done today. Asking is itself the task of the login."""
    progress.record_task(kwargs["db"], uid, Task.LOGIN, kwargs["now"])
    rows = kwargs["db"].all("SELECT tid, reward, done FROM task WHERE uid = %s ORDER BY tid", uid)
    return ok({"tasks": [_entry(*row) for row in rows]})


def get_task_reward(uid: str, task_id: Number = None, **kwargs: Unpack[Tools]) -> Reply:
    """Claim the reward of a task. 98: no such task. 99: it is not done today, or its reward was claimed."""
    if task_id not in list(Task):
        raise GameError(98, "no such task")
    if not _claim(kwargs["db"], uid, Task(task_id), kwargs["now"]):
        raise GameError(99, "the task is not done today, or its reward was claimed")
    rule = kwargs["config"]["task"][Task(task_id).name.lower()]
    gain = items.item(Item(rule["item_id"]), rule["quantity"])
    balance = items.parse(items.grant(kwargs["db"], uid, [gain]).remain[0]).quantity
    return ok({"reward": [{str(int(gain.iid)): {"value": balance, "reward": gain.quantity}}], "task": task_id})


def _claim(db: Work, uid: str, task: Task, now: datetime) -> bool:
    day = now.astimezone(shanghai.SHANGHAI).date()
    return db.execute("UPDATE task SET reward = 1 WHERE uid = %s AND tid = %s AND reward = 0 AND done >= %s",
                      uid, int(task), day) == 1


def _entry(tid: int, reward: int, done: datetime) -> dict[str, object]:
    return {"tid": tid, "task_value": 1, "reward": reward, "timer": done.strftime(shanghai.MOMENT)}
