"""Plain connections to the system's database."""

from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql

SECONDS = 10


def arguments(url: str) -> dict[str, Any]:
    """Return PyMySQL's arguments for ``mysql://user:password@host:port/database``.

    TLS is off: PyMySQL would load all certificates of the machine again for each connection.
    """
    parts = urlsplit(url)
    return {"host": parts.hostname, "port": parts.port or 3306, "user": parts.username,
            "password": unquote(parts.password or ""), "database": parts.path[1:], "ssl_disabled": True,
            "connect_timeout": SECONDS, "read_timeout": SECONDS, "write_timeout": SECONDS}


def connect(url: str) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    """Open a connection."""
    return pymysql.connect(**arguments(url))
