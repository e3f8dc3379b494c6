"""How connections to MySQL are kept: PyMySQL below DBUtils' pool."""

from collections.abc import Sequence
from typing import Any

import pymysql
from dbutils.pooled_db import PooledDB


class Generation:
    """Connections of one time: when one is lost, those of its time that are idle are lost too."""

    def __init__(self) -> None:
        self.number = 0


class Link(pymysql.Connection):
    """A connection that knows its generation. Each of its statements is a transaction of its own."""

    def __init__(self, *, generation: Generation, **options: Any) -> None:
        self._generation = generation
        self.number = generation.number
        super().__init__(**options)

    @property
    def usable(self) -> bool:
        """Whether it is open and of the present generation. Costs no round trip."""
        return bool(self.open) and self.number == self._generation.number

    def outdate(self) -> None:
        """Let all others of the same generation be replaced, once, however many of them fail."""
        if self.number == self._generation.number:
            self._generation.number += 1


class ImplicitLink(Link):
    """A connection whose first statement begins a transaction by itself.

    The pool still has to be told of each beginning, or it would reconnect in the middle of a transaction; here that
    costs no round trip.
    """

    def begin(self) -> None:
        """The first statement does it."""


class NoFailover(Exception):  # noqa: N818  # never raised
    """Stands where DBUtils asks for the errors after which it should reconnect and repeat a statement by itself."""


class Driver:
    """What DBUtils asks of a driver."""

    threadsafety = 1
    dbapi = pymysql

    def __init__(self, link: type[Link]) -> None:
        self._link = link

    def connect(self, **options: Any) -> Link:
        """Open a connection."""
        return self._link(**options)


def pool(link: type[Link], connections: int, session: Sequence[str], options: dict[str, Any]) -> PooledDB:
    """Return a pool whose connections are never repaired behind our back."""
    return PooledDB(
        Driver(link), maxcached=connections, maxconnections=connections, blocking=True, reset=False,
        setsession=session, ping=lambda connection: connection.usable,
        failures=NoFailover, isfatal=lambda _: False,  # failed statements are the business of Database
        **options)
