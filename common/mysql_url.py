"""How to reach MySQL, out of one URL."""

import ssl
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SCHEMES = ("mysql", "mysqls")
FORM = ("a MySQL URL has the form mysql://user:password@host:port/schema, or mysqls:// for TLS, "
        "where ?ca=FILE may follow")


def connection_options(url: str, connect_seconds: float, statement_seconds: float) -> dict[str, Any]:
    """Return PyMySQL's arguments for ``mysql://user:password@host:port/schema``; ``mysqls://`` asks for TLS.

    ``mysqls://...?ca=FILE`` trusts the authorities in that file and no others; without it those of the system are
    trusted. Raises ValueError, and OSError when the file cannot be read.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname or not parts.path.strip("/"):
        raise ValueError(FORM)
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
        **tls_options(parts.scheme, parts.query),
    }


def tls_options(scheme: str, query: str) -> dict[str, Any]:
    """Return the arguments for TLS. One context serves all connections: making one takes as long as 50 requests."""
    more = parse_qs(query, keep_blank_values=True)
    file = more.pop("ca", [""])[0]
    if more or (query and not (file and scheme == "mysqls")):
        raise ValueError(FORM)
    return {"ssl": ssl.create_default_context(cafile=file or None)} if scheme == "mysqls" else {"ssl_disabled": True}
