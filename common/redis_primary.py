"""Sets up connections that lead to the primary, wherever the address leads."""

import contextlib
from typing import Any

import gevent
import redis
from redis.connection import AbstractConnection, ConnectionPool

MOST_STEPS = 2
"""From replica to replica; with three servers there are no more."""


class ReplicaError(redis.ConnectionError):
    """The server follows another one, whose address it names."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__("this Redis is a replica")
        self.primary = {"host": host, "port": port}


def open_connection(pool: ConnectionPool, timeout: float) -> AbstractConnection:
    """Return a connection that is set up and leads to a primary that serves. Raises RedisError or OSError.

    A replica names its primary, so that a name that leads to all servers of a group finds it.
    """
    with gevent.Timeout(2 * timeout, redis.TimeoutError("Redis did not finish the set-up of a connection in time")):
        try:
            return _open(pool, {})
        except ReplicaError as error:
            if "host" not in pool.connection_kwargs:  # a socket of this machine
                raise
            return _follow(pool, error)


def _follow(pool: ConnectionPool, replica: ReplicaError) -> AbstractConnection:
    """Go where a replica leads to, and on from there: in a failover one may still name the old primary."""
    for _ in range(MOST_STEPS):
        try:
            return _open(pool, replica.primary)
        except ReplicaError as error:
            replica = error
        except (redis.RedisError, OSError) as error:
            raise redis.ConnectionError(f"{replica}, and its primary: {error}") from error
    raise replica


def _open(pool: ConnectionPool, place: dict[str, Any]) -> AbstractConnection:
    connection: Any = pool.connection_class(**(pool.connection_kwargs | place))
    try:
        connection.connect()
        _check(connection)
    except BaseException:
        connection.disconnect()
        raise
    opened: AbstractConnection = connection
    return opened


def _check(connection: Any) -> None:
    """Raise when the server still loads its data, or is a replica: a failover may not have reached the name yet."""
    connection.send_command("ROLE")
    with contextlib.suppress(redis.ResponseError):  # not allowed, or not known: then it has to be taken on trust
        role = connection.read_response()
        if isinstance(role, list) and role and role[0] == b"slave":
            raise ReplicaError(role[1].decode(), int(role[2]))
    connection.send_command("PING")
    connection.read_response()
