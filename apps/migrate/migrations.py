"""Numbered SQL files, each applied once, in order, by one process at a time.

MySQL commits each statement that changes a table by itself. So a migration that fails in the middle stays
unrecorded and is tried again as a whole: write each so that it can be repeated, or keep it to one such statement.
"""

import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
LOCK, LOCK_SECONDS = "lukseun.migrate", 60
RECORDS = """CREATE TABLE IF NOT EXISTS migration (
    number  INT UNSIGNED NOT NULL PRIMARY KEY,
    name    VARCHAR(100) NOT NULL,
    digest  CHAR(64) NOT NULL COMMENT 'SHA-256 of the file when it was applied',
    applied TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)"""


class MigrationError(Exception):
    """The migrations cannot be applied; the message says why."""


@dataclass(frozen=True)
class Migration:
    """One file."""

    number: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        """The statements of the file; a statement ends with a ``;`` at the end of a line."""
        bare = re.sub(r"^--.*$", "", self.text, flags=re.MULTILINE)
        return [part.strip() for part in re.split(r";[ \t]*(?:\n|$)", bare) if part.strip()]


def read(folder: Path) -> list[Migration]:
    """Return the migrations of a folder in order. Raises MigrationError when their numbers are not 1, 2, 3..."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name} is not named like 0001_what_it_does.sql")
        found.append(Migration(int(match[1]), path.name, path.read_text("utf-8")))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)) or not found:
        raise MigrationError(f"the numbers in {folder} are not 1, 2, 3 and so on")
    return found


def apply(connection: Any, migrations: list[Migration]) -> list[str]:
    """Apply what is missing; return the names. Raises MigrationError."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, %s)", (LOCK, LOCK_SECONDS))
        if cursor.fetchone()[0] != 1:
            raise MigrationError(f"another process has been migrating for over {LOCK_SECONDS} s")
        try:
            cursor.execute(RECORDS)
            return [_apply_one(cursor, migration) for migration in _missing(migrations, _done(cursor))]
        finally:
            cursor.execute("SELECT RELEASE_LOCK(%s)", (LOCK,))


def missing(connection: Any, migrations: list[Migration]) -> list[str]:
    """Return the names of those that are not applied yet; changes nothing. Raises MigrationError."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW TABLES LIKE 'migration'")
        if cursor.fetchone() is None:
            return [migration.name for migration in migrations]
        return [migration.name for migration in _missing(migrations, _done(cursor))]


def _done(cursor: Any) -> dict[int, str]:
    cursor.execute("SELECT number, digest FROM migration")
    return dict(cursor.fetchall())


def _missing(migrations: list[Migration], done: dict[int, str]) -> list[Migration]:
    for migration in migrations:
        if done.get(migration.number, migration.digest) != migration.digest:
            raise MigrationError(f"{migration.name} was changed after it had been applied; add a new one instead")
    unknown = set(done) - {migration.number for migration in migrations}
    if unknown:
        log.warning("the database is newer than this program", extra={"unknown_migrations": sorted(unknown)})
    return [migration for migration in migrations if migration.number not in done]


def _apply_one(cursor: Any, migration: Migration) -> str:
    for statement in migration.statements:
        cursor.execute(statement)
    cursor.execute("INSERT INTO migration (number, name, digest) VALUES (%s, %s, %s)",
                   (migration.number, migration.name, migration.digest))
    log.info("applied %s", migration.name)
    return migration.name
