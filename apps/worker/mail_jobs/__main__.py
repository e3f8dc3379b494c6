"""``python -m apps.worker.mail_jobs``: create, list, show, pause, resume and cancel system mails to many players."""

from gevent import monkey

monkey.patch_all()

import json
import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gevent

from apps.worker.game_data import PATH
from apps.worker.mail_jobs import arguments, creation, report, store
from apps.worker.mail_jobs.arguments import PROGRAM
from apps.worker.mail_jobs.errors import RefusedError
from apps.worker.mail_jobs.store import Job, State
from apps.worker.settings import WorkerSettings
from common import logs, options
from common.http_client import JsonClient, ServiceUnavailableError
from common.mysql import Database, DatabaseUnavailableError, OutcomeUnknownError

STATEMENT_SECONDS = 600
"""Counting looks at every player once."""

STATES = {"pause": State.PAUSED, "resume": State.RUNNING, "cancel": State.CANCELLED}
TROUBLE = (DatabaseUnavailableError, OutcomeUnknownError, ServiceUnavailableError, OSError)


def run(given: Namespace, settings: WorkerSettings) -> Iterator[str]:
    """Carry out a command; yield what the operator is told. Raises RefusedError and errors of MySQL and config."""
    database = Database(settings.mysql_url, connections=1, connect_seconds=settings.mysql_connect_seconds,
                        statement_seconds=STATEMENT_SECONDS, pause=lambda attempt: gevent.sleep(0.1 * attempt))
    if given.command == "create":
        plan = creation.draft(given, game_data(settings))
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


def game_data(settings: WorkerSettings) -> Mapping[str, Any]:
    """Return the game data that is served now. Raises ServiceUnavailableError."""
    client = JsonClient("config", settings.config_url, timeout=settings.service_timeout, connections=1)
    reply = client.get(PATH)
    if reply.status != 200 or not isinstance(reply.body, dict):
        raise ServiceUnavailableError("config", f"HTTP {reply.status} without game data")
    return reply.body


def with_endpoints(file: str, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment with the addresses of a local system. Raises OSError, RefusedError."""
    if not file:
        return environment
    try:
        known = json.loads(Path(file).read_text("utf-8"))
        return {**environment, "MYSQL_URL": known["mysql"], "CONFIG_URL": known["config"]}
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise RefusedError(f"{file} is no endpoints.json: {error}") from None


def main(given: Sequence[str]) -> int:
    """Return the exit code: 0 when it was done, 1 when it was refused or failed. A wrong call ends with 2."""
    command, rest = arguments.parse(given)
    try:
        settings = options.parse(WorkerSettings, PROGRAM, rest, with_endpoints(command.endpoints, os.environ))
        logs.set_up("mail_jobs", settings.log_level, settings.log_format)
        for line in run(command, settings):
            sys.stdout.write(f"{line}\n")
    except RefusedError as error:
        sys.stderr.write(f"refused: {error}\n")
        return 1
    except (*TROUBLE, ValueError) as error:
        sys.stderr.write(f"failed: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
