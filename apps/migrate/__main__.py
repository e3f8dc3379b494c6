"""``python -m apps.migrate``: bring the database to the state that this version needs, then end."""

import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import pymysql

from apps.migrate import migrations
from apps.migrate.settings import MigrateSettings
from common import logs, options
from common.mysql_url import connection_options

NOT_UP_YET = (2002, 2003, 2006, 2013)
"""Client errors of a server that cannot be reached, or that goes away while it starts."""
PAUSE = 0.5

log = logging.getLogger("apps.migrate")


def connect(settings: MigrateSettings, deadline: float) -> Any:
    """Connect, waiting for a server that is still starting."""
    while True:
        try:
            return pymysql.connect(**connection_options(settings.mysql_url, 5, 300), autocommit=True)
        except pymysql.err.OperationalError as error:
            if error.args[0] not in NOT_UP_YET or time.monotonic() >= deadline:
                raise
            log.info("waiting for MySQL: %s", error.args[0])
            time.sleep(PAUSE)


def wait(connection: Any, wanted: list[migrations.Migration], deadline: float) -> None:
    """Wait until another process has applied all. Raises MigrationError."""
    while missing := migrations.missing(connection, wanted):
        if time.monotonic() >= deadline:
            raise migrations.MigrationError(f"nobody has applied {', '.join(missing)}")
        time.sleep(PAUSE)


def main() -> int:
    settings = options.parse(MigrateSettings, "apps.migrate", sys.argv[1:], os.environ)
    logs.set_up("migrate", settings.log_level, settings.log_format)
    deadline = time.monotonic() + settings.wait_seconds
    applied: list[str] = []
    try:
        wanted = migrations.read(Path(settings.migrations))
        connection = connect(settings, deadline)
        if settings.wait_only:
            wait(connection, wanted, deadline)
        else:
            applied = migrations.apply(connection, wanted)
    except (migrations.MigrationError, pymysql.err.MySQLError, ValueError) as error:
        log.error("not migrated: %s", error)
        return 1
    log.info("the database is up to date", extra={"applied": len(applied)})
    return 0


sys.exit(main())
