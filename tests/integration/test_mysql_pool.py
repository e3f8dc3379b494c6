"""The pool of MySQL connections while the database does not answer: no place is lost, nobody waits for another's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import gevent
import pytest
from gevent.event import Event

from common.mysql import Database, Statements, Transaction
from common.timeouts import quietly_within
from tests.faults.proxy import Proxy

PLACES = 4


def open_database(url: str, **options: float) -> Database:
    limits: dict[str, float] = {"connect_seconds": 1, "statement_seconds": 1.5, "lock_seconds": 1} | options
    return Database(url, connections=PLACES, pause=lambda attempt: gevent.sleep(0.01 * attempt), **limits)  # type: ignore[arg-type]


@contextmanager
def proxied(url: str) -> Iterator[tuple[Proxy, str]]:
    port = urlsplit(url).port
    assert port is not None
    proxy = Proxy(port)
    proxy.start()
    try:
        yield proxy, url.replace(f":{port}/", f":{proxy.port}/")
    finally:
        proxy.stop()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url, statement_seconds=10)
    database.transaction(lambda tx: tx.execute("CREATE TABLE t (id INT PRIMARY KEY, value INT NOT NULL)"))
    database.transaction(lambda tx: tx.many("INSERT INTO t VALUES (%s, %s)", [(number, 0) for number in range(40)]))
    yield database
    database.close()


def together(begin: Callable[[Callable[[Statements], None]], None], count: int) -> int:
    """Return how many of ``count`` can be between begin and end at the same time."""
    inside, all_inside = [0], Event()

    def work(db: Statements) -> None:
        db.value("SELECT 1")
        inside[0] += 1
        if inside[0] == count:
            all_inside.set()
        all_inside.wait(2)

    gevent.joinall([gevent.spawn(begin, work) for _ in range(count)], raise_error=True)
    return inside[0] if all_inside.is_set() else 0


def play(database: Database, number: int, *, fail: bool) -> None:
    """Change a row within a time limit, and undo it with ``fail``."""
    def work(tx: Transaction) -> None:
        tx.execute("UPDATE t SET value = value + 1 WHERE id = %s", number)
        if fail:
            raise LookupError

    with quietly_within(0.4):
        database.transaction(work)


def load(database: Database, number: int, end: Event) -> None:
    while not end.is_set():
        try:
            play(database, number, fail=number % 2 == 0)
            with quietly_within(0.4):
                database.read(lambda db: db.value("SELECT SUM(value) FROM t"))
        except Exception:  # noqa: BLE001  # refusals and a database that is away are what this test is about
            gevent.sleep(0.01)


@pytest.mark.parametrize("answers_only", [False, True])
def test_whoever_gives_up_while_the_database_is_mute_takes_no_place_away(
        database: Database, database_url: str, answers_only: bool) -> None:
    with proxied(database_url) as (proxy, url):
        stalled, end = open_database(url), Event()
        players = [gevent.spawn(load, stalled, number, end) for number in range(4 * PLACES)]
        for _ in range(2):
            gevent.sleep(0.2)
            proxy.pause(answers_only=answers_only)
            gevent.sleep(1.5)
            proxy.resume()
        end.set()
        gevent.joinall(players, raise_error=True)
        assert stalled.used == 0
        assert together(stalled.transaction, PLACES) == PLACES
        assert together(stalled.read, PLACES) == PLACES
        stalled.close()


def test_no_more_than_the_places_are_used_at_once(database: Database) -> None:
    used: list[int] = []

    def look(db: Statements) -> None:
        db.value("SELECT SLEEP(0.01)")
        used.append(database.used)

    gevent.joinall([gevent.spawn(database.read, look) for _ in range(5 * PLACES)], raise_error=True)
    assert max(used) == PLACES
    assert database.used == 0
    assert database.read(lambda db: db.value(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()")) <= 2 * PLACES


def test_a_connection_that_cannot_be_made_holds_up_nobody_who_has_one(database_url: str) -> None:
    with proxied(database_url) as (proxy, url):
        database = open_database(url, connect_seconds=5)
        assert together(database.read, 2) == 2
        proxy.hang_new()
        busy = [gevent.spawn(database.read, lambda db: db.value("SELECT SLEEP(0.2)")) for _ in range(3)]
        gevent.joinall(busy[:2], raise_error=True)  # the third one needs a connection of its own
        with gevent.Timeout(2):
            for _ in range(20):
                assert database.read(lambda db: db.value("SELECT 1")) == 1
        assert not busy[2].ready()
        proxy.resume()
        busy[2].get()
        database.close()


def test_who_waits_for_a_locked_row_is_tried_again_and_other_connections_stay(database: Database) -> None:
    ids = {database.read(lambda db: db.value("SELECT CONNECTION_ID()")) for _ in range(PLACES)}
    locked, waits = Event(), Event()

    def hold() -> None:
        def work(tx: Statements) -> None:
            tx.value("SELECT value FROM t WHERE id = 1 FOR UPDATE")
            locked.set()
            waits.wait()
            gevent.sleep(1.2)  # longer than anybody waits for a lock

        database.transaction(work)

    holder = gevent.spawn(hold)
    locked.wait()
    tries: list[int] = []

    def change(tx: Transaction) -> None:
        tries.append(1)
        waits.set()
        tx.execute("UPDATE t SET value = 7 WHERE id = 1")

    database.transaction(change)
    holder.get()
    assert len(tries) == 2
    assert {database.read(lambda db: db.value("SELECT CONNECTION_ID()")) for _ in range(PLACES)} == ids
