"""MySQL: all tables as they were at one moment, as SQL with one statement a line, and back.

The file can be read by the ``mariadb`` and ``mysql`` programs too.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import IO, Any

import pymysql
from pymysql.converters import escape_string
from pymysql.cursors import SSCursor

from apps.migrate.migrations import LOCK, LOCK_SECONDS
from common.mysql_url import connection_options

CONNECT_SECONDS = 5.0
STATEMENT_CHARACTERS = 256 * 1024  # well below the least max_allowed_packet that is in use
SESSION = ("SET NAMES utf8mb4", "SET time_zone = '+00:00'", "SET sql_mode = 'STRICT_ALL_TABLES'")
RECORDS = "migration"


class DatabaseNotEmptyError(Exception):
    """A backup is only restored into a database without rows."""


class NotLockedError(Exception):
    """A migration is under way."""


def save(url: str, seconds: float, file: IO[str]) -> dict[str, int]:
    """Write all tables of the schema to ``file``; return how many rows each has. Raises MySQLError, NotLockedError."""
    with connected(url, seconds) as connection, _no_migration(connection):
        _run(connection, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        _run(connection, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        file.writelines(f"{statement};\n" for statement in SESSION)
        return {table: _save_table(connection, table, file) for table in tables(connection)}


def restore(url: str, seconds: float, file: Iterable[str]) -> dict[str, int]:
    """Run the statements of ``file`` in a schema without rows; return how many rows each table has afterwards.

    Raises DatabaseNotEmptyError, NotLockedError, MySQLError.
    """
    with connected(url, seconds) as connection, _no_migration(connection):
        _require_empty(connection)
        for table in tables(connection):
            _run(connection, f"DROP TABLE {_quoted(table)}")
        for line in file:
            _run(connection, line.rstrip(";\n"))
        return counts(connection)


def counts(connection: Any) -> dict[str, int]:
    """Return how many rows each table has."""
    return {table: _run(connection, f"SELECT COUNT(*) FROM {_quoted(table)}")[0][0]  # noqa: S608  # a quoted name
            for table in tables(connection)}


def tables(connection: Any) -> list[str]:
    """Return the names of all tables."""
    rows = _run(connection, "SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")
    return sorted(row[0] for row in rows)


@contextmanager
def connected(url: str, seconds: float) -> Iterator[Any]:
    """A connection whose statements are committed one by one, with times in UTC."""
    options = connection_options(url, CONNECT_SECONDS, seconds)
    with closing(pymysql.connect(**options, autocommit=True)) as connection:
        for statement in SESSION:
            _run(connection, statement)
        yield connection


@contextmanager
def _no_migration(connection: Any) -> Iterator[None]:
    if _run(connection, "SELECT GET_LOCK(%s, %s)", LOCK, LOCK_SECONDS)[0][0] != 1:
        raise NotLockedError("a migration is under way; try again when it has ended")
    try:
        yield
    finally:
        _run(connection, "SELECT RELEASE_LOCK(%s)", LOCK)


def _require_empty(connection: Any) -> None:
    full = [table for table, rows in counts(connection).items() if rows and table != RECORDS]
    if full:
        raise DatabaseNotEmptyError(f"these tables have rows: {', '.join(full)}; restore into an empty schema")


def _save_table(connection: Any, table: str, file: IO[str]) -> int:
    """Values come from the server as text and are written as they came."""
    create = _run(connection, f"SHOW CREATE TABLE {_quoted(table)}")[0][1]
    file.write(" ".join(create.splitlines()) + ";\n")
    count = 0
    columns = ", ".join(_quoted(column) for column in _own_columns(connection, table))
    decoders, connection.decoders = connection.decoders, {}
    try:
        with closing(connection.cursor(SSCursor)) as cursor:
            cursor.execute(f"SELECT {columns} FROM {_quoted(table)}")  # noqa: S608  # quoted names
            for statement, rows in _inserts(f"{_quoted(table)} ({columns})", cursor):
                file.write(statement)
                count += rows
    finally:
        connection.decoders = decoders
    return count


def _own_columns(connection: Any, table: str) -> list[str]:
    """Return the columns of a table without those that the server makes from others and lets nobody write."""
    rows = _run(connection, "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() "
                "AND table_name = %s AND COALESCE(generation_expression, '') = '' ORDER BY ordinal_position", table)
    return [row[0] for row in rows]


def _inserts(place: str, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, int]]:
    """Yield INSERT statements of a limited length, and how many rows are in each; ``place`` is quoted."""
    begin = f"INSERT INTO {place} VALUES "  # noqa: S608  # quoted names
    values: list[str] = []
    length = 0
    for row in rows:
        values.append(f"({','.join(map(_literal, row))})")
        length += len(values[-1])
        if length >= STATEMENT_CHARACTERS:
            yield f"{begin}{','.join(values)};\n", len(values)
            values, length = [], 0
    if values:
        yield f"{begin}{','.join(values)};\n", len(values)


def _literal(value: str | bytes | None) -> str:
    """Return a value as SQL without a line end."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return f"'{escape_string(value)}'"


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _run(connection: Any, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())
