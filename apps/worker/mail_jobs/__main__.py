"""``python -m apps.worker.mail_jobs``: create, list, show, pause, resume and cancel system mails to many players."""

from gevent import monkey

monkey.patch_all()

import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Iterator

from apps.worker import operators
from apps.worker.mail_jobs import arguments, creation, report, store
from apps.worker.mail_jobs.arguments import PROGRAM
from apps.worker.mail_jobs.store import Job, State
from apps.worker.operators import RefusedError
from apps.worker.settings import WorkerSettings
from common.mysql import Database

STATEMENT_SECONDS = 600
"""Counting looks at every player once."""

STATES = {"pause": State.PAUSED, "resume": State.RUNNING, "cancel": State.CANCELLED}


def run(given: Namespace, settings: WorkerSettings) -> Iterator[str]:
    """Carry out a command; yield what the operator is told. Raises RefusedError and errors of MySQL and config."""
    database = operators.database(settings, STATEMENT_SECONDS)
    if given.command == "create":
        plan = creation.draft(given, operators.game_data(settings))
        yield from report.created(creation.create(database, plan, secrets.SystemRandom(), dry_run=given.dry_run))
    elif given.command == "list":
        yield from report.listed(database.read(lambda db: store.latest(db, given.most)))
    elif given.command == "show":
        yield from show(database, given.key)
    else:
        yield report.changed(change(database, given.key, STATES[given.command]))


def show(database: Database, key: str) -> Iterator[str]:
    """Yield all that is known of a job. Raises RefusedError."""
    creation.require_key(key)
    job = database.read(lambda db: store.find(db, key))
    if job is None:
        raise RefusedError(f"there is no job {key!r}")
    yield from report.shown(job, database.read(lambda db: store.undelivered(db, job.id)))


def change(database: Database, key: str, state: State) -> Job:
    """Bring a job into a state; a turn that is under way ends first. Raises RefusedError."""
    creation.require_key(key)
    return database.transaction(lambda tx: store.change_state(tx, key, state))


if __name__ == "__main__":
    sys.exit(operators.main(PROGRAM, arguments.parse(sys.argv[1:]), os.environ, run))
