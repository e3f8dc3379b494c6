"""Makes a mail job of what an operator asks for, after everything about it was checked."""

import re
from argparse import Namespace
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from apps.worker import operators
from apps.worker.mail_jobs import content, filters, recipients, store
from apps.worker.mail_jobs.filters import Bounds, Filter
from apps.worker.mail_jobs.recipients import PlayerList
from apps.worker.mail_jobs.store import Job, Order
from apps.worker.operators import RefusedError
from apps.worker.rules import accounts
from common.mysql import Database, DuplicateError, Statements

KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True)
class Draft:
    """An order that is right as far as it can be known without the database."""

    key: str
    who: str
    order: Order
    bounds: Bounds
    players: PlayerList


@dataclass(frozen=True)
class Created:
    """What came of it: ``job`` is None after a dry run, ``is_new`` is false where the key had this job already."""

    planned: int
    job: Job | None = None
    is_new: bool = False


def draft(given: Namespace, config: Mapping[str, Any]) -> Draft:
    """Check the arguments of ``create`` against the game data. Raises RefusedError."""
    require_key(given.key)
    operators.require_who(given.who)
    operators.home_world(given.world, config, f" --origin={given.world}")
    said = content.checked(sender=given.sender or config["new_player"]["gift"]["from"], title=given.title,
                           body=given.body, item_list=given.items)
    players = recipients.read(given.uids, given.names)
    asked = Filter(given.min_level, given.max_level, given.vip_level, given.login_since, given.registered_before,
                   given.origin, players.digest)
    return Draft(given.key, given.who, Order(given.world, said, asked), filters.bounds(asked, config), players)


def create(database: Database, plan: Draft, random: Random, *, dry_run: bool) -> Created:
    """Write the job, once a key. Raises RefusedError when the key is that of another order, or the list is wrong."""
    existing = database.read(lambda db: _existing(db, plan))
    if existing is not None:
        return Created(existing.planned, existing)
    uids = database.read(lambda db: recipients.resolve(db, plan.order.world, plan.players))
    planned = database.read(lambda db: recipients.count(db, plan.bounds, plan.order.world, uids))
    if dry_run:
        return Created(planned)
    job_id = accounts.new_id(random, "j")
    with suppress(DuplicateError):  # somebody else was faster, or an earlier try was committed after all
        database.transaction(lambda tx: store.insert(
            tx, job_id, plan.order, plan.bounds, key=plan.key, who=plan.who, planned=planned, uids=uids))
    job = database.read(lambda db: _existing(db, plan))
    if job is None:
        raise RefusedError(f"the job {plan.key!r} is gone")
    return Created(job.planned, job, is_new=job.id == job_id)


def require_key(key: str) -> None:
    """Raise RefusedError where this cannot be the key of a job."""
    if not KEY.fullmatch(key):
        raise RefusedError("a key is 1 to 64 of A-Za-z0-9_.-")


def _existing(db: Statements, plan: Draft) -> Job | None:
    """Return the job of the key. Raises RefusedError when it is not of this order."""
    job = store.find(db, plan.key)
    if job is not None and job.order != plan.order:
        raise RefusedError(f"the key {plan.key!r} is that of another job, created {job.created} UTC by {job.who}")
    return job
