"""A pool of MySQL connections and transactions that never lose half of themselves.

Every transaction is begun explicitly: without ``begin()`` the pool would reconnect in the middle of one, losing its
first half without an error. A connection on which anything unexpected happened is closed, not returned to the pool.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pymysql
from dbutils.pooled_db import PooledDB

from common.metrics import Counter, Gauge
from common.mysql_pool import Generation, ImplicitLink, Link, pool
from common.mysql_url import connection_options

log = logging.getLogger(__name__)

T = TypeVar("T")
Row = tuple[Any, ...]

DEADLOCK, LOCK_WAIT, SERVER_GONE, SERVER_LOST = 1213, 1205, 2006, 2013
SHUTDOWN, CONNECT_REFUSED, TOO_MANY_CONNECTIONS, READ_ONLY = 1053, 2003, 1040, 1290
LOST = frozenset({SERVER_GONE, SERVER_LOST, SHUTDOWN, 0})
TRANSIENT = frozenset({DEADLOCK, LOCK_WAIT, SERVER_GONE, SERVER_LOST, SHUTDOWN, CONNECT_REFUSED,
                       TOO_MANY_CONNECTIONS, READ_ONLY, 0})

RETRIES = Counter("mysql_retries_total", "Transactions that were started again", ["error"])
CONNECTIONS = Gauge("mysql_connections_used", "Connections that are lent to a request")


class DatabaseUnavailableError(Exception):
    """MySQL could not be reached, or went on failing after all retries. Nothing was committed."""


class OutcomeUnknownError(Exception):
    """The connection was lost while a commit was under way: it may have happened or not."""


class Statements:
    """Runs statements on one connection. Values are always bound, never part of the text."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._cursor = raw(connection).cursor()  # the pool's own cursors repeat statements, which is not wanted here

    def one(self, statement: str, *values: object) -> Row | None:
        """Return the first row, or None."""
        self._cursor.execute(statement, values)
        row: Row | None = self._cursor.fetchone()
        return row

    def all(self, statement: str, *values: object) -> Sequence[Row]:
        """Return all rows."""
        self._cursor.execute(statement, values)
        rows: Sequence[Row] = self._cursor.fetchall()
        return rows

    def value(self, statement: str, *values: object) -> Any:
        """Return the first column of the first row, or None."""
        row = self.one(statement, *values)
        return None if row is None else row[0]


def marks(values: Collection[object]) -> str:
    """Return the marks of bound values, for ``IN ({marks(values)})``."""
    return ", ".join(["%s"] * len(values))


class Transaction(Statements):
    """Statements that happen together or not at all."""

    def execute(self, statement: str, *values: object) -> int:
        """Run a statement that changes rows; return how many it changed."""
        count: int = self._cursor.execute(statement, values)
        return count

    def many(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        """Run one INSERT ... VALUES statement for all ``rows`` (at least one) in one round trip."""
        count: int = self._cursor.executemany(statement, rows)
        return count

    def insert(self, statement: str, *values: object) -> int:
        """Run an INSERT; return the number that AUTO_INCREMENT gave the row."""
        self._cursor.execute(statement, values)
        number: int = self._cursor.lastrowid
        return number


class Database:
    """One MySQL server and one schema on it."""

    def __init__(self, url: str, *, connections: int, connect_seconds: float, statement_seconds: float,
                 attempts: int = 5, pause: Callable[[int], None]) -> None:
        """Keeps up to ``connections`` for reading and as many for transactions.

        ``pause(n)`` waits before the ``n``-th retry (from 1).
        """
        self._attempts = attempts
        self._pause = pause
        options = connection_options(url, connect_seconds, statement_seconds) | {"generation": Generation()}
        session = [
            # Takes no gap locks: players do not wait for one another's neighbours.
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SET SESSION group_concat_max_len = 1048576",  # MySQL would cut lists off after 1 KiB
            f"SET SESSION innodb_lock_wait_timeout = {max(1, round(statement_seconds))}",
        ]
        self._readers = pool(Link, connections, session, options | {"autocommit": True})
        self._writers = pool(ImplicitLink, connections, session, options | {"autocommit": False})

    def transaction(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in a transaction and commit it; run it again from the start after a transient failure.

        Raises DatabaseUnavailableError, OutcomeUnknownError and whatever ``work`` raises; then nothing was committed
        (but for OutcomeUnknownError).
        """
        return self._repeat(self._writers, lambda connection: self._commit(connection, work))

    def read(self, work: Callable[[Statements], T]) -> T:
        """Run ``work``, which only reads; each of its statements sees what is committed at its time."""
        return self._repeat(self._readers, lambda connection: work(Statements(connection)))

    def probe(self) -> str:
        """Return the server's version; raises when it does not answer."""
        with self._connection(self._readers) as connection:
            return str(Statements(connection).value("SELECT VERSION()"))

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._readers.close()
        self._writers.close()

    def _repeat(self, lender: PooledDB, attempt_once: Callable[[Any], T]) -> T:
        for attempt in range(1, self._attempts + 1):
            try:
                with self._connection(lender) as connection:
                    return attempt_once(connection)
            except pymysql.err.MySQLError as error:
                if not is_transient(error):
                    raise
                RETRIES.labels(error.args[0] if error.args else "unknown").inc()
                if attempt == self._attempts:
                    raise DatabaseUnavailableError(str(error)) from error
            self._pause(attempt)
        raise AssertionError("unreachable")

    @staticmethod
    def _commit(connection: Any, work: Callable[[Transaction], T]) -> T:
        connection.begin()
        result = work(Transaction(connection))
        try:
            connection.commit()
        except pymysql.err.MySQLError as error:
            if error.args and error.args[0] == DEADLOCK:
                raise
            raise OutcomeUnknownError(str(error)) from error
        return result

    @contextmanager
    def _connection(self, lender: PooledDB) -> Iterator[Any]:
        connection = lender.connection()
        CONNECTIONS.inc()
        try:
            yield connection
        except BaseException as error:
            self._after_failure(connection, error)
            raise
        finally:
            CONNECTIONS.dec()
            connection.close()  # back to the pool, which rolls back what was begun

    def _after_failure(self, connection: Any, error: BaseException) -> None:
        """Keep the connection only where its state is known: after errors of the game and those the server named."""
        if isinstance(error, Exception) and not isinstance(error, pymysql.err.MySQLError | OutcomeUnknownError):
            return
        if isinstance(error, pymysql.err.MySQLError) and not is_lost(error):
            return
        discard(connection)  # also after a greenlet was ended in the middle of an answer
        if isinstance(error, pymysql.err.MySQLError):
            raw(connection).outdate()  # the idle connections are lost too


def discard(connection: Any) -> None:
    """Close the real connection below a pooled one, so that the pool makes a new one."""
    raw(connection)._force_close()  # noqa: SLF001  # close() would wait for a server that may hang


def raw(connection: Any) -> Any:
    """Return PyMySQL's connection below a pooled one; the pool has no public way to it."""
    return connection._con._con  # noqa: SLF001


def is_lost(error: pymysql.err.MySQLError) -> bool:
    """Whether the connection is gone, or what it would say next is not known."""
    return isinstance(error, pymysql.err.InterfaceError) or not error.args or error.args[0] in LOST


def is_transient(error: pymysql.err.MySQLError) -> bool:
    """Whether the same transaction may succeed when it is run again."""
    if isinstance(error, pymysql.err.InterfaceError):
        return True
    return bool(error.args) and error.args[0] in TRANSIENT


DuplicateError = pymysql.err.IntegrityError
"""A row breaks a unique key or another constraint; the transaction itself goes on."""
