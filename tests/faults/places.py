"""How many transactions the workers have in MySQL at once: a place in a pool that is lost never comes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import gevent
import pymysql

from apps.client.player import Player
from common.lines import LineTimeoutError
from common.mysql_url import connection_options
from tests.faults.answers import BUSY, SUCCESS, WAIT_SECONDS
from tests.faults.caller import attempt
from tests.faults.once import Once, UnreachedError
from tests.faults.people import COIN, Person
from tests.faults.strikes import Field, Strike

ASKED = 64
"""Writes for each worker; twice the connections that it may have for transactions."""
LOOK_SECONDS = 1.7
"""Less than a transaction waits for a lock before it begins again."""
POLL_SECONDS = 0.05
AGAIN_SECONDS = 0.2
CONNECT_SECONDS, STATEMENT_SECONDS = 5.0, 15.0
COUNT = ("SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Query' AND id <> CONNECTION_ID() "
         "AND info LIKE '%FOR UPDATE%'")


def kept_by(strike: Strike) -> Strike:
    """Play a strike, and find out whether as many transactions can run after it as before."""
    def checked(field: Field) -> None:
        before = at_once(field)
        strike(field)
        after = at_once(field)
        field.notes.append(f"{before} transactions at once before, {after} after")
        field.problems += lost(before, after)
    return checked


def lost(before: int, after: int) -> list[str]:
    """Describe the places that are gone."""
    return [f"only {after} of {before} transactions run at once"] if after < before or not before else []


def at_once(field: Field) -> int:
    """Let far more writes than there are places wait for locks; return how many of them MySQL has to do with."""
    people = field.cast.actors
    count = ASKED * len(field.stage.processes.names("worker"))
    with database(field) as counting, database(field) as locking:
        locking.execute(f"SELECT uid FROM player WHERE gn IN ({', '.join(['%s'] * len(people))}) FOR UPDATE",
                        [person.name for person in people])
        asks = [gevent.spawn(ask, field, people[number % len(people)], number) for number in range(count)]
        most = most_seen(counting)
    gevent.joinall(asks, raise_error=True)
    return most


@contextmanager
def database(field: Field) -> Iterator[Any]:
    """A cursor of a connection of its own, in a transaction that is rolled back."""
    options = connection_options(field.stage.database_url, CONNECT_SECONDS, STATEMENT_SECONDS)
    with pymysql.connect(**options) as connection, connection.cursor() as cursor:
        connection.begin()
        yield cursor
        connection.rollback()


def most_seen(cursor: Any) -> int:
    """Return the most transactions that were seen at one time."""
    deadline, seen = monotonic() + LOOK_SECONDS, 0
    while monotonic() < deadline:
        cursor.execute(COUNT)
        seen = max(seen, cursor.fetchone()[0])
        gevent.sleep(POLL_SECONDS)
    return seen


def ask(field: Field, person: Person, number: int) -> None:
    """Make a write, again while it is refused; one that is not acknowledged here is repeated by the examiner.

    Workers whose jobs all took long just before let in fewer at first.
    """
    gates, deadline = field.stage.gates, monotonic() + LOOK_SECONDS
    gate = Once([gates[number % len(gates)]], WAIT_SECONDS)
    earned = person.journal.begin(attempt("add_resources", {COIN: 1}, items=[f"3:{COIN}:1"]))
    try:
        while (answer := Player(gate, person.state).call(earned.function, earned.request_id, **earned.data))[
                "status"] == BUSY and monotonic() < deadline:
            gevent.sleep(AGAIN_SECONDS)
    except (OSError, LineTimeoutError, UnreachedError):
        return
    if answer["status"] == SUCCESS:
        earned.answer = gate.line
