"""Players of the social cases: made for one case, free to get any status, on several connections at once."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from time import monotonic
from typing import Any

import gevent
import pymysql

from apps.client.gate import Address, NoAnswerError
from apps.client.player import Player
from common.mysql_url import connection_options
from tests.faults.caller import CountingGate
from tests.faults.people import HOME, Person, enter
from tests.faults.strikes import Field
from tests.faults.tally import Tally
from tests.support.waiting import wait_for

SUCCESS = 0
ANSWER_SECONDS = 30.0
WAIT_SECONDS = 20.0
DATABASE_SECONDS = 10.0
GROWN_EXP = 20_000


class Guest:
    """One player of a case. Any number of greenlets may call for it at the same time."""

    def __init__(self, person: Person, uid: str, gates: Sequence[Address], tally: Tally) -> None:
        self.person = person
        self.uid = uid
        self._gates = list(gates)
        self._tally = tally

    @property
    def name(self) -> str:
        return self.person.name

    def call(self, function: str, *, first: int = 0, request_id: str = "", **data: Any) -> dict[str, Any]:
        """Return the answer; the gate with the number ``first`` gets the first try.

        Repeats the request under its id until it is answered. Raises AssertionError when it never is.
        """
        request_id = request_id or secrets.token_hex(16)
        begun = monotonic()
        self._tally.requests += 1
        while True:
            try:
                answer: dict[str, Any] = self._player(first).call(function, request_id, **data)
            except NoAnswerError as error:
                if monotonic() - begun > ANSWER_SECONDS:
                    raise AssertionError(f"{self.name}: {error}") from error
            else:
                self._tally.waited(monotonic() - begun)
                return answer

    def done(self, function: str, **data: Any) -> Any:
        """Return the ``data`` of an answer that has to be good. Raises AssertionError."""
        answer = self.call(function, **data)
        if answer["status"] != SUCCESS:
            raise AssertionError(f"{self.name}: {function} answered {answer}")
        return answer["data"]

    def mails(self, kind: str) -> list[dict[str, Any]]:
        """Return all mails of a type, oldest first."""
        return [mail for mail in self.done("get_all_mail")["mail"] if mail["type"] == kind]

    def wait_for_mail(self, kind: str, fits: Callable[[dict[str, Any]], bool] = lambda _: True) -> str:
        """Wait for a mail of a type and return the key of the newest that fits. Raises AssertionError."""
        return str(wait_for(lambda: [mail["key"] for mail in self.mails(kind) if fits(mail)], WAIT_SECONDS,
                            f"a mail of type {kind} for {self.name}")[-1])

    def balance(self, item: int) -> int:
        """Return how much the player has of an item."""
        return next((row["value"] for row in self.done("get_all_resource")["items"] if row["iid"] == item), 0)

    def _player(self, first: int) -> Player:
        first %= len(self._gates)
        gates = self._gates[first:] + self._gates[:first]
        return Player(CountingGate(gates, self._tally), self.person.state)


class Party:
    """The guests of one case, the database behind them, and what is wrong."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.problems = field.problems

    def invite(self, count: int, *, grown: bool = False) -> list[Guest]:
        """Return new players of one world; those who are ``grown`` may join families."""
        stage, tally = self.field.stage, self.field.tally
        people = at_once([partial(enter, stage.gates, HOME) for _ in range(count)])
        uids = dict(self.rows(f"SELECT gn, uid FROM player WHERE gn IN ({marks(people)})",  # only marks
                              *(person.name for person in people)))
        guests = [Guest(person, uids[person.name], stage.gates, tally) for person in people]
        if grown:
            at_once([partial(guest.done, "add_exp", exp=GROWN_EXP) for guest in guests])
        return guests

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with closing(self.connect(autocommit=True)) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def change(self, statement: str, *values: object) -> int:
        """Run and commit a statement; return how many rows it changed."""
        with closing(self.connect(autocommit=True)) as connection, connection.cursor() as cursor:
            return cursor.execute(statement, values)

    def connect(self, *, autocommit: bool) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        """Open a connection to the database."""
        options = connection_options(self.field.stage.database_url, DATABASE_SECONDS, DATABASE_SECONDS)
        return pymysql.connect(**options | {"autocommit": autocommit})

    def check(self, right: bool, otherwise: str) -> None:  # reads as a sentence where it is called
        """Note a problem unless something is right."""
        if not right:
            self.problems.append(otherwise)


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all of them at the same time; return their results in this order. Raises what one of them raises."""
    greenlets = [gevent.spawn(work) for work in works]
    gevent.joinall(greenlets, raise_error=True)
    return [greenlet.get() for greenlet in greenlets]


def marks(values: Sequence[object]) -> str:
    """Return as many placeholders as there are values (at least one)."""
    return ", ".join(["%s"] * len(values))
