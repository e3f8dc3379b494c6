"""``python -m apps.worker.chat``: mute and unmute players and channels, list who is muted, announce something."""

from gevent import monkey

monkey.patch_all()

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from apps.worker import operators
from apps.worker.chat import arguments, orders, report
from apps.worker.chat.arguments import PROGRAM
from apps.worker.rules import chat_control
from apps.worker.settings import WorkerSettings


def run(given: Namespace, settings: WorkerSettings) -> Iterator[str]:
    """Carry out a command; yield what the operator is told. Raises RefusedError and errors of MySQL and config."""
    database = operators.database(settings, settings.mysql_statement_seconds)
    now = datetime.now(UTC)
    if given.command == "list":
        found = database.read(lambda db: list(chat_control.muted(db, now)))
        yield from report.listed([mute for mute in found if given.world in ("", mute.target.world)])
        return
    world = operators.home_world(given.world, operators.game_data(settings))
    if given.command == "mute":
        until = orders.mute(database, given, world, now, timedelta(days=settings.mute_days))
        yield f"muted until {report.shown(until)} UTC; edges hear of it within seconds"
    elif given.command == "unmute":
        orders.unmute(database, given, world, now)
        yield "not muted any more; edges hear of it within seconds"
    else:
        orders.announce(database, given.text, world, now)
        yield "announced; clients hear it within seconds"


if __name__ == "__main__":
    sys.exit(operators.main(PROGRAM, arguments.parse(sys.argv[1:]), os.environ, run))
