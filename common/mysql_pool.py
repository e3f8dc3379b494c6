"""How connections to MySQL are made and kept: PyMySQL below DBUtils' pool."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
from dbutils.pooled_db import PooledDB


class ImplicitBegin:
    """What DBUtils asks of a driver, with connections whose first statement begins a transaction by itself.

    The pool still has to be told of each beginning, or it would reconnect in the middle of a transaction; here that
    costs no round trip.
    """

    threadsafety = 1
    dbapi = pymysql

    class Connection(pymysql.Connection):
        """A connection without autocommit."""

        def begin(self) -> None:
            """The first statement does it."""

    @classmethod
    def connect(cls, **options: Any) -> "ImplicitBegin.Connection":
        """Open a connection."""
        return cls.Connection(**options)


def pool(driver: Any, connections: int, session: Sequence[str], options: dict[str, Any]) -> PooledDB:
    """Return a pool whose connections are never repaired behind our back."""
    return PooledDB(
        driver, maxcached=connections, maxconnections=connections, blocking=True, reset=False, setsession=session,
        ping=lambda connection: connection.open,  # no round trip: what was discarded is opened again
        failures=NoFailover, isfatal=lambda _: False,  # failed statements are the business of Database
        **options)


class NoFailover(Exception):  # noqa: N818  # never raised
    """Stands where DBUtils asks for the errors after which it should reconnect and repeat a statement by itself."""


def connection_options(url: str, connect_seconds: float, statement_seconds: float) -> dict[str, Any]:
    """Return PyMySQL's arguments for ``mysql://user:password@host:port/schema``. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme != "mysql" or not parts.hostname or not parts.path.strip("/"):
        raise ValueError("a MySQL URL has the form mysql://user:password@host:port/schema")
    return {
        "host": parts.hostname,
        "port": parts.port or 3306,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.strip("/")),
        "charset": "utf8mb4",
        "connect_timeout": max(1, round(connect_seconds)),
        "read_timeout": statement_seconds,
        "write_timeout": statement_seconds,
        "sql_mode": "STRICT_ALL_TABLES",
    }
