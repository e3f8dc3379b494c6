"""Rows of ``mail_job``: one system mail to many players each, found by the key that its operator chose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import orjson

from apps.worker.mail_jobs.content import Content
from apps.worker.mail_jobs.filters import Bounds, Filter
from apps.worker.operators import RefusedError
from common.mysql import Row, Statements, Transaction

COLUMNS = ("id, job_key, who, world, sender, title, body, items, filter, bounds, last_uid, planned, written, state, "
           "created, updated")
CHUNK = 1000


class State(StrEnum):
    """What becomes of a job; the last two are final."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


SOURCES = {
    State.RUNNING: (State.PAUSED,),
    State.PAUSED: (State.RUNNING,),
    State.CANCELLED: (State.RUNNING, State.PAUSED),
}
"""From which states an operator may bring a job into each state."""


@dataclass(frozen=True)
class Order:
    """What an operator asks for: what goes to whom. The same order under the same key is the same job."""

    world: str
    content: Content
    filter: Filter


@dataclass(frozen=True)
class Job:
    """One row; the times are UTC."""

    id: str
    key: str
    who: str
    order: Order
    bounds: Bounds
    last_uid: str
    planned: int
    written: int
    state: State
    created: datetime
    updated: datetime


def find(db: Statements, key: str) -> Job | None:
    """Return the job of a key."""
    row = db.one(f"SELECT {COLUMNS} FROM mail_job WHERE job_key = %s", key)  # noqa: S608  # a constant
    return None if row is None else job(row)


def latest(db: Statements, most: int) -> list[Job]:
    """Return jobs, those that are not finished first, then the latest first."""
    rows = db.all(f"SELECT {COLUMNS} FROM mail_job ORDER BY state IN ('running', 'paused') DESC, created DESC, id "  # noqa: S608  # a constant
                  "LIMIT %s", most)
    return [job(row) for row in rows]


def undelivered(db: Statements, job_id: str) -> int:
    """Return how many mails of a job wait in the outbox."""
    return int(db.value("SELECT COUNT(*) FROM outbox WHERE job = %s", job_id))


def insert(tx: Transaction, job_id: str, order: Order, limits: Bounds, *, key: str, who: str, planned: int,
           uids: Sequence[str]) -> None:
    """Write a job that runs at once, with its list of players. Raises DuplicateError when the key is taken."""
    content = order.content
    tx.execute(
        "INSERT INTO mail_job (id, job_key, who, world, sender, title, body, items, filter, bounds, planned, state, "
        "created, updated, turned) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, "
        "UTC_TIMESTAMP(), UTC_TIMESTAMP(), UTC_TIMESTAMP(3))",
        job_id, key, who, order.world, content.sender, content.title, content.body, ",".join(content.items),
        _json(order.filter.given()), _json(limits.given()), planned, State.RUNNING.value)
    for start in range(0, len(uids), CHUNK):
        tx.many("INSERT INTO mail_job_player (job, uid) VALUES (%s, %s)",
                [(job_id, uid) for uid in uids[start:start + CHUNK]])


def forget_listed(tx: Transaction, most: int) -> int:
    """Remove up to ``most`` players from the list of a job that has ended; return how many were removed."""
    row = tx.one("SELECT j.id FROM (SELECT DISTINCT job FROM mail_job_player) l JOIN mail_job j ON j.id = l.job "
                 "WHERE j.state IN (%s, %s) LIMIT 1", State.DONE.value, State.CANCELLED.value)
    return 0 if row is None else tx.execute("DELETE FROM mail_job_player WHERE job = %s LIMIT %s", row[0], most)


def change_state(tx: Transaction, key: str, state: State) -> Job:
    """Bring a job into a state and return it; nothing happens when it is in that state already. Raises RefusedError."""
    row = tx.one(f"SELECT {COLUMNS} FROM mail_job WHERE job_key = %s FOR UPDATE", key)  # noqa: S608  # a constant
    if row is None:
        raise RefusedError(f"there is no job {key!r}")
    before = job(row)
    if before.state is state:
        return before
    if before.state not in SOURCES[state]:
        raise RefusedError(f"the job {key!r} is {before.state}, so it cannot become {state}")
    tx.execute("UPDATE mail_job SET state = %s, updated = UTC_TIMESTAMP() WHERE id = %s", state.value, before.id)
    return job(tx.one(f"SELECT {COLUMNS} FROM mail_job WHERE id = %s", before.id) or row)  # noqa: S608  # a constant


def job(row: Row) -> Job:
    """Return a row with COLUMNS as a job. Raises TypeError for a filter of a later version of this program."""
    (job_id, key, who, world, sender, title, body, items, asked, limits, last_uid, planned, written, state,
     created, updated) = row
    content = Content(sender, title, body, tuple(items.split(",")) if items else ())
    return Job(job_id, key, who, Order(world, content, Filter(**orjson.loads(asked))), Bounds(**orjson.loads(limits)),
               last_uid, planned, written, State(state), created, updated)


def _json(fields: dict[str, object]) -> str:
    return orjson.dumps(fields).decode()
