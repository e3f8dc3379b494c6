"""Transactions on a real MariaDB: nothing is half done, whatever happens to the connection."""

import socket
from collections.abc import Iterator

import gevent
import pymysql
import pytest

from common.mysql import (
    Database,
    DatabaseUnavailableError,
    DuplicateError,
    OutcomeUnknownError,
    Statements,
    Transaction,
    raw,
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    database.transaction(lambda tx: tx.execute("CREATE TABLE t (id INT PRIMARY KEY, value INT NOT NULL)"))
    database.transaction(lambda tx: tx.many("INSERT INTO t VALUES (%s, %s)", [(1, 0), (2, 0)]))
    yield database
    database.close()


def open_database(url: str, attempts: int = 5) -> Database:
    return Database(url, connections=8, connect_seconds=2, statement_seconds=5, attempts=attempts,
                    pause=lambda attempt: gevent.sleep(0.01 * attempt))


def values(database: Database) -> dict[int, int]:
    return dict(database.read(lambda db: db.all("SELECT id, value FROM t ORDER BY id")))


def kill_connection(database: Database, tx: Statements) -> None:
    """End a connection on the server's side, as a restart or an operator does."""
    number = tx.value("SELECT CONNECTION_ID()")
    database.transaction(lambda other: other.execute("KILL %s", number))


def test_all_or_nothing(database: Database) -> None:
    def fail(tx: Transaction) -> None:
        tx.execute("UPDATE t SET value = 7 WHERE id = 1")
        raise LookupError

    with pytest.raises(LookupError):
        database.transaction(fail)
    assert values(database) == {1: 0, 2: 0}


def test_many_rows_are_one_statement_or_none(database: Database) -> None:
    def insert(tx: Transaction) -> int:
        before = int(tx.all("SHOW SESSION STATUS LIKE 'Com_insert'")[0][1])
        tx.many("INSERT INTO t (id, value) VALUES (%s, %s) ON DUPLICATE KEY UPDATE value = VALUES(value)",
                [(number, 7) for number in range(1, 10)])
        return int(tx.all("SHOW SESSION STATUS LIKE 'Com_insert'")[0][1]) - before

    assert database.transaction(insert) == 1
    assert values(database) == dict.fromkeys(range(1, 10), 7)
    with pytest.raises(ValueError, match="something else than %s"):
        database.transaction(lambda tx: tx.many("INSERT INTO t (id, value) VALUES (%s, 0)", [(20,), (21,)]))


def test_a_connection_that_is_lost_in_the_middle_loses_no_half(database: Database) -> None:
    tries: list[int] = []

    def work(tx: Transaction) -> None:
        tries.append(1)
        tx.execute("UPDATE t SET value = value + 1 WHERE id = 1")
        if len(tries) == 1:
            kill_connection(database, tx)
        tx.execute("UPDATE t SET value = value + 1 WHERE id = 2")

    database.transaction(work)
    assert len(tries) == 2
    assert values(database) == {1: 1, 2: 1}


def test_connections_that_died_while_idle_are_replaced(database: Database, database_url: str) -> None:
    greenlets = [gevent.spawn(database.read, lambda db: db.value("SELECT SLEEP(0.05)")) for _ in range(6)]
    gevent.joinall(greenlets, raise_error=True)
    other = open_database(database_url)
    numbers = other.read(lambda db: db.all("SELECT id FROM information_schema.processlist WHERE db = DATABASE() "
                                           "AND id <> CONNECTION_ID()"))
    assert len(numbers) >= 6
    for row in numbers:
        other.transaction(lambda tx, number=row[0]: tx.execute("KILL %s", number))  # type: ignore[misc]
    other.close()
    assert [values(database) for _ in range(8)] == [{1: 0, 2: 0}] * 8


def test_deadlocks_are_tried_again(database: Database) -> None:
    def both(first: int, second: int) -> None:
        def work(tx: Transaction) -> None:
            tx.execute("UPDATE t SET value = value + 1 WHERE id = %s", first)
            tx.value("SELECT SLEEP(0.05)")
            tx.execute("UPDATE t SET value = value + 1 WHERE id = %s", second)

        database.transaction(work)

    gevent.joinall([gevent.spawn(both, 1, 2), gevent.spawn(both, 2, 1)], raise_error=True)
    assert values(database) == {1: 2, 2: 2}


def test_a_commit_without_an_answer_is_not_guessed(database: Database, database_url: str) -> None:
    def work(tx: Transaction) -> None:
        tx.execute("UPDATE t SET value = 5 WHERE id = 1")
        raw(tx.connection)._sock.shutdown(socket.SHUT_RDWR)  # the network goes away

    with pytest.raises(OutcomeUnknownError):
        database.transaction(work)
    assert values(database)[1] in (0, 5)


def test_a_greenlet_that_is_ended_leaves_a_usable_pool(database: Database) -> None:
    def slow(tx: Transaction) -> None:
        tx.execute("UPDATE t SET value = 9 WHERE id = 1")
        tx.value("SELECT SLEEP(1)")

    for _ in range(10):  # more often than there are connections
        with pytest.raises(gevent.Timeout), gevent.Timeout(0.05):
            database.transaction(slow)
    assert values(database) == {1: 0, 2: 0}


def test_duplicates_are_told_apart(database: Database) -> None:
    def work(tx: Transaction) -> str:
        try:
            tx.execute("INSERT INTO t VALUES (1, 1)")
        except DuplicateError:
            tx.execute("UPDATE t SET value = 3 WHERE id = 2")
            return "there"
        return "new"

    assert database.transaction(work) == "there"
    assert values(database) == {1: 0, 2: 3}


def test_a_wrong_statement_is_not_tried_again(database: Database) -> None:
    tries: list[int] = []

    def work(tx: Transaction) -> None:
        tries.append(1)
        tx.execute("SELECT nothing FROM t")

    with pytest.raises(pymysql.err.OperationalError):
        database.transaction(work)
    assert len(tries) == 1


def test_a_server_without_its_tables_is_not_usable(database: Database) -> None:
    assert "MariaDB" in database.probe("t")
    database.transaction(lambda tx: tx.execute("DROP TABLE t"))
    with pytest.raises(DatabaseUnavailableError, match="doesn't exist"):
        values(database)
    with pytest.raises(pymysql.err.ProgrammingError):
        database.probe("t")


def test_an_interrupted_statement_is_tried_again(database: Database) -> None:
    tries: list[int] = []

    def work(tx: Transaction) -> None:
        tries.append(1)
        if len(tries) == 1:
            number = tx.value("SELECT CONNECTION_ID()")
            gevent.spawn_later(0.1, database.transaction, lambda other: other.execute("KILL QUERY %s", number))
            tx.value("SELECT SLEEP(5) FROM t WHERE id = 1 AND SLEEP(5) = 0 FOR UPDATE")
        tx.execute("UPDATE t SET value = value + 1")

    database.transaction(work)
    assert values(database) == {1: 1, 2: 1}


@pytest.mark.parametrize(("lock", "statement"), [(5, 5), (0.4, 1), (10, 5)])
def test_a_wait_for_a_lock_has_to_end_before_the_statement_does(lock: float, statement: float) -> None:
    with pytest.raises(ValueError, match="lock"):
        Database("mysql://a:b@c/d", connections=1, connect_seconds=1, statement_seconds=statement, lock_seconds=lock,
                 pause=lambda _: None)


def test_a_server_that_is_away_is_reported_in_time() -> None:
    database = open_database("mysql://nobody:x@127.0.0.1:1/none", attempts=2)
    with gevent.Timeout(5), pytest.raises(DatabaseUnavailableError):
        database.read(lambda db: db.value("SELECT 1"))


@pytest.mark.parametrize("url", ["", "http://x/y", "mysql://host", "mysql:///schema"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match="mysql://"):
        open_database(url)
