"""A pool of MySQL connections and transactions that never lose half of themselves.

Every transaction is begun explicitly: without ``begin()`` the pool would reconnect in the middle of one, losing its
first half without an error. A connection on which anything unexpected happened is closed before it goes back.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pymysql
from pymysql.cursors import RE_INSERT_VALUES

from common.metrics import Counter, Gauge
from common.mysql_pool import Generation, ImplicitLink, Link, Pool, discard
from common.mysql_url import connection_options

log = logging.getLogger(__name__)

T = TypeVar("T")
Row = tuple[Any, ...]

DEADLOCK, LOCK_WAIT, INTERRUPTED = 1213, 1205, 1317
SERVER_GONE, SERVER_LOST, SHUTDOWN, KILLED, IDLE_TOO_LONG = 2006, 2013, 1053, 1927, 4031
CONNECT_REFUSED, TOO_MANY_CONNECTIONS = 2003, 1040
READ_ONLY, READ_ONLY_TRANSACTION, READ_ONLY_MODE, NOT_PRIMARY, NOT_IN_CLUSTER = 1290, 1792, 1836, 3101, 1047
NO_DATABASE, NO_TABLE, DISK_FULL, TABLE_FULL = 1049, 1146, 1021, 1114
LOST = frozenset({SERVER_GONE, SERVER_LOST, SHUTDOWN, KILLED, IDLE_TOO_LONG, 0})
"""Errors after which a connection is gone."""
TRANSIENT = LOST | {DEADLOCK, LOCK_WAIT, INTERRUPTED, CONNECT_REFUSED, TOO_MANY_CONNECTIONS, READ_ONLY,
                    READ_ONLY_TRANSACTION, READ_ONLY_MODE, NOT_PRIMARY, NOT_IN_CLUSTER}
"""Errors after which the same transaction may succeed at once, perhaps on another server behind the same name."""
UNFIT = frozenset({NO_DATABASE, NO_TABLE, DISK_FULL, TABLE_FULL})
"""Errors of a server that answers and cannot do its work: it was started empty, or its disk is full."""

RETRIES = Counter("mysql_retries_total", "Transactions that were started again", ["error"])
CONNECTIONS = Gauge("mysql_connections_used", "Connections that are lent to a request")


class DatabaseUnavailableError(Exception):
    """MySQL could not be reached, cannot do its work, or went on failing after all retries. Nothing was committed."""


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
        """Run one INSERT ... VALUES statement for all ``rows`` (at least one) in one round trip.

        Raises ValueError when a value is not bound: PyMySQL would run a statement for each row then.
        """
        if RE_INSERT_VALUES.match(statement) is None:
            raise ValueError(f"VALUES of a statement for many rows has something else than %s: {statement}")
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
                 lock_seconds: float = 2.0, attempts: int = 5, pause: Callable[[int], None]) -> None:
        """Keeps up to ``connections`` for reading and as many for transactions.

        A statement may wait ``lock_seconds`` for a lock, rounded to whole ones, which has to be less than
        ``statement_seconds``: the server gives up first then, and the connection stays good. ``pause(n)`` waits before
        the ``n``-th retry (from 1). Raises ValueError.
        """
        if max(1, round(lock_seconds)) >= statement_seconds:
            raise ValueError(f"a lock may take {lock_seconds:g} s, and the statement that waits for it no more")
        self._attempts = attempts
        self._pause = pause
        options = connection_options(url, connect_seconds, statement_seconds) | {"generation": Generation()}
        session = [
            # Takes no gap locks: players do not wait for one another's neighbours.
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SET SESSION group_concat_max_len = 1048576",  # MySQL would cut lists off after 1 KiB
            f"SET SESSION innodb_lock_wait_timeout = {max(1, round(lock_seconds))}",
        ]
        self._readers = Pool(Link, connections, session, options | {"autocommit": True})
        self._writers = Pool(ImplicitLink, connections, session, options | {"autocommit": False})
        CONNECTIONS.set_function(lambda: self.used)

    @property
    def used(self) -> int:
        """Connections that are lent now."""
        return self._readers.used + self._writers.used

    def transaction(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in a transaction and commit it; run it again from the start after a transient failure.

        Raises DatabaseUnavailableError, OutcomeUnknownError and whatever ``work`` raises; then nothing was committed
        (but for OutcomeUnknownError).
        """
        return self._repeat(self._writers, lambda connection: self._commit(connection, work))

    def read(self, work: Callable[[Statements], T]) -> T:
        """Run ``work``, which only reads; each of its statements sees what is committed at its time."""
        return self._repeat(self._readers, lambda connection: work(Statements(connection)))

    def probe(self, table: str) -> str:
        """Return the server's version; raises when it does not answer, or has not this table.

        ``table`` is a name of our own: a server that was started empty answers, too.
        """
        with self._connection(self._readers) as connection:
            statements = Statements(connection)
            statements.one(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608  # a constant of the caller
            return str(statements.value("SELECT VERSION()"))

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._readers.close()
        self._writers.close()

    def _repeat(self, pool: Pool, attempt_once: Callable[[Any], T]) -> T:
        for attempt in range(1, self._attempts + 1):
            try:
                with self._connection(pool) as connection:
                    return attempt_once(connection)
            except pymysql.err.MySQLError as error:
                self._give_up_or_wait(attempt, error)
        raise AssertionError("unreachable")

    def _give_up_or_wait(self, attempt: int, error: pymysql.err.MySQLError) -> None:
        """Wait before the next attempt. Raises ``error`` or DatabaseUnavailableError when there is to be none."""
        if code_of(error) in UNFIT:
            raise DatabaseUnavailableError(str(error)) from error
        if not is_transient(error):
            raise error
        RETRIES.labels(code_of(error)).inc()
        if attempt == self._attempts:
            raise DatabaseUnavailableError(str(error)) from error
        self._pause(attempt)

    @staticmethod
    def _commit(connection: Any, work: Callable[[Transaction], T]) -> T:
        connection.begin()
        result = work(Transaction(connection))
        try:
            connection.commit()
        except pymysql.err.MySQLError as error:
            if code_of(error) == DEADLOCK:
                raise
            raise OutcomeUnknownError(str(error)) from error
        return result

    @contextmanager
    def _connection(self, pool: Pool) -> Iterator[Any]:
        connection = pool.take()
        try:
            yield connection
        except BaseException as error:
            _tidy(connection, error, begun=pool is self._writers)
            raise
        finally:
            pool.give(connection)


def _tidy(connection: Any, error: BaseException, *, begun: bool) -> None:
    """Undo what was ``begun`` on a connection that is still good after ``error``; close one that may not be."""
    if _is_good_after(error):
        if begun:
            _roll_back(connection)
        return
    discard(connection)
    if isinstance(error, pymysql.err.MySQLError):
        raw(connection).outdate()  # the idle connections are lost too


def _is_good_after(error: BaseException) -> bool:
    """Whether the connection waits for the next statement: after errors of the game, and those that the server named.

    Not when a greenlet was ended in the middle of an answer.
    """
    if isinstance(error, pymysql.err.MySQLError):
        return not is_lost(error)
    return isinstance(error, Exception) and not isinstance(error, OutcomeUnknownError)


def _roll_back(connection: Any) -> None:
    try:
        connection.rollback()
    except pymysql.err.MySQLError as error:
        log.debug("a connection is closed instead of rolled back: %s", error)
        discard(connection)
    except BaseException:
        discard(connection)
        raise


def raw(connection: Any) -> Any:
    """Return PyMySQL's connection below a steady one."""
    return connection.dbapi_connection


def code_of(error: pymysql.err.MySQLError) -> int:
    """Return MySQL's number of an error; 0 for one of PyMySQL that has none."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def is_lost(error: pymysql.err.MySQLError) -> bool:
    """Whether the connection is gone, or what it would say next is not known."""
    return isinstance(error, pymysql.err.InterfaceError) or code_of(error) in LOST


def is_transient(error: pymysql.err.MySQLError) -> bool:
    """Whether the same transaction may succeed when it is run again."""
    return isinstance(error, pymysql.err.InterfaceError) or code_of(error) in TRANSIENT


DuplicateError = pymysql.err.IntegrityError
"""A row breaks a unique key or another constraint; the transaction itself goes on."""
