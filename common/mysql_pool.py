"""How connections to MySQL are kept: PyMySQL below DBUtils' pool."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pymysql
from dbutils.steady_db import SteadyDBConnection, connect

from common.fair_queue import FairQueue


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


class Pool:
    """A fixed number of places, each with one of DBUtils' steady connections, or with none as long as nobody needed it.

    DBUtils' own pool connects and rolls back while it holds the lock that everybody needs, and loses a place when a
    caller's time limit ends while that caller waits for the lock. Here a caller holds nothing but its place, and all
    that gives a place back happens without a pause.
    """

    def __init__(self, link: type[Link], size: int, session: Sequence[str], options: dict[str, Any]) -> None:
        """``session`` are statements that prepare each connection, ``options`` those of ``connection_options``."""
        self._size = size
        self._open = partial(
            connect, Driver(link), setsession=session, failures=NoFailover, ping=0, isfatal=lambda _: False, **options)
        self._places: FairQueue[SteadyDBConnection | None] = FairQueue(size)
        for _ in range(size):
            self._places.put(None)

    @property
    def used(self) -> int:
        """Places that are lent."""
        return self._size - self._places.qsize()

    def take(self) -> SteadyDBConnection:
        """Return a connection, after waiting for a place when all are lent. Raises MySQLError."""
        kept = self._places.get()
        if kept is not None and kept.dbapi_connection.usable:
            return kept
        try:
            if kept is not None:
                discard(kept)
            return self._open()
        except BaseException:
            self._places.put(None)
            raise

    def give(self, connection: SteadyDBConnection) -> None:
        """Take a connection back, with nothing begun on it. Never waits."""
        self._places.put(connection)

    def close(self) -> None:
        """Close the connections that are not lent; their places stay."""
        for kept in [self._places.get() for _ in range(self._places.qsize())]:
            if kept is not None:
                kept.close()
            self._places.put(None)


def discard(connection: SteadyDBConnection) -> None:
    """Close a connection at once; close() would wait for a server that may hang."""
    connection.dbapi_connection._force_close()  # noqa: SLF001
