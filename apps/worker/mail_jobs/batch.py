"""One turn of a mail job: a bounded number of its mails is written, in the transaction that moves its progress on.

A turn takes the same number of statements however many players it is for.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from apps.worker.mail_jobs import store
from apps.worker.mail_jobs.store import Job, State
from apps.worker.rules import letters
from common.mysql import Transaction

TAKE = (f"SELECT {store.COLUMNS} FROM mail_job WHERE state = 'running' "  # noqa: S608  # constants
        "AND turned <= TIMESTAMPADD(MICROSECOND, -%s, UTC_TIMESTAMP(3)) ORDER BY turned LIMIT 1 FOR UPDATE SKIP LOCKED")
CUTOFF_GRACE = timedelta(seconds=1)
"""Databases keep the time of a registration in whole seconds, some of them rounded up."""


@dataclass(frozen=True)
class Pace:
    """How much is written at once, and how often.

    ``batch`` mails at most for each look at ``window`` players; ``pause`` between two turns of one job, whoever does
    them; no turn writes while ``backlog`` mails of the job are on their way, which are those that the outbox tries
    within ``horizon``. So a mail for a full mailbox, which waits longer, holds up nobody.
    """

    batch: int
    window: int
    pause: timedelta
    backlog: int
    horizon: timedelta


@dataclass(frozen=True)
class Turn:
    """What came of a turn. ``state`` is the job's afterwards; ``problem`` says why the job cannot be understood."""

    key: str
    written: int
    state: State
    problem: str = ""


def mail_key(job_id: str, uid: str) -> str:
    """Return the key of the mail that a player gets from a job: always the same, so that a repeat is recognised."""
    return hashlib.sha256(f"{job_id} {uid}".encode()).hexdigest()[:32]


def take_turn(tx: Transaction, pace: Pace, now: datetime) -> Turn | None:
    """Do a turn of the job whose latest is longest ago; None when none is due. ``now`` is UTC, as the outbox counts."""
    row = tx.one(TAKE, pace.pause // timedelta(microseconds=1))
    if row is None:
        return None
    try:
        job = store.job(row)
    except (TypeError, ValueError) as error:  # a later version of this program wrote it, whose workers understand it
        _put_off(tx, row[0])
        return Turn(row[1], 0, State.RUNNING, str(error))
    if _is_backlogged(tx, job, pace, now):
        _put_off(tx, job.id)
        return Turn(job.key, 0, job.state)
    return _advance(tx, job, pace, now)


def _put_off(tx: Transaction, job_id: str) -> None:
    """Let the turns of other jobs come first."""
    tx.execute("UPDATE mail_job SET turned = UTC_TIMESTAMP(3) WHERE id = %s", job_id)


def _advance(tx: Transaction, job: Job, pace: Pace, now: datetime) -> Turn:
    uids, last_uid = _next(tx, job, pace)
    if uids:
        _write(tx, job, uids, now)
    state = job.state if last_uid else State.DONE
    tx.execute("UPDATE mail_job SET last_uid = %s, written = written + %s, state = %s, updated = UTC_TIMESTAMP(), "
               "turned = UTC_TIMESTAMP(3) WHERE id = %s", last_uid or job.last_uid, len(uids), state.value, job.id)
    return Turn(job.key, len(uids), state)


def _is_backlogged(tx: Transaction, job: Job, pace: Pace, now: datetime) -> bool:
    waiting = tx.value("SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE job = %s AND due <= %s LIMIT %s) waiting",
                       job.id, now + pace.horizon, pace.backlog)
    return bool(waiting >= pace.backlog)


def _next(tx: Transaction, job: Job, pace: Pace) -> tuple[list[str], str | None]:
    """Return who gets a mail now, and the player up to whom all are done then; None when nobody is left.

    Looks at a bounded number of players, however few of them match.
    """
    condition, values = job.bounds.where(job.order.world, job.created + CUTOFF_GRACE)
    if job.bounds.listed:
        table, listed = "mail_job_player p", ["p.job = %s"]
        source = "player p JOIN mail_job_player l ON l.uid = p.uid AND l.job = %s"
        own = [job.id]
    else:
        table, listed, source, own = "player p", [], "player p", []
    place = " AND ".join([*listed, "p.uid > %s"])
    end = tx.value(f"SELECT p.uid FROM {table} WHERE {place} ORDER BY p.uid LIMIT 1 OFFSET %s",  # noqa: S608  # constants
                   *own, job.last_uid, pace.window - 1)
    until, last = ("", []) if end is None else ("AND p.uid <= %s ", [end])
    rows = tx.all(f"SELECT p.uid FROM {source} WHERE p.uid > %s {until}AND {condition} ORDER BY p.uid LIMIT %s",  # noqa: S608  # constants
                  *own, job.last_uid, *last, *values, pace.batch)
    uids = [uid for uid, in rows]
    return uids, uids[-1] if len(uids) == pace.batch else end


def _write(tx: Transaction, job: Job, uids: list[str], now: datetime) -> None:
    """Write the outbox's rows, due at once, and the claims of gifts."""
    letter, claim = job.order.content.letter(), job.order.content.claim()
    targets = [(letters.Recipient(uid, job.order.world), mail_key(job.id, uid)) for uid in uids]
    if claim is not None:
        payload = orjson.dumps(claim).decode()
        tx.many(letters.INSERT_CLAIM, [(key, target.uid, int(letter.type), payload, now) for target, key in targets])
    tx.many("INSERT INTO outbox (kind, body, due, created, job) VALUES (%s, %s, %s, %s, %s)",
            [(letters.MAIL, orjson.dumps(letters.parcel(target, key, letter)).decode(), now, now, job.id)
             for target, key in targets])
