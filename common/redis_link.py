"""Keeps one session with Redis alive: sets it up, and sets up the next one when it ends."""

import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
import redis
from gevent.event import Event
from redis.connection import AbstractConnection, ConnectionPool

from common import vital
from common.metrics import Counter, Gauge
from common.redis_session import ERRORS, NotSentError, Session

log = logging.getLogger(__name__)

RECONNECTS = Counter("redis_reconnects_total", "Connections to Redis that replaced a lost one")
PENDING = Gauge("redis_pending", "Commands without a reply yet")

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.3
"""Seconds between two attempts to connect; with jitter, a half to the whole of it."""


class Link:
    """The one connection of a client, whichever it is at the moment."""

    def __init__(self, pool: ConnectionPool, *, timeout: float, limit: int, jitter: Callable[[], float],
                 clock: Callable[[], float] = time.monotonic) -> None:
        """``pool`` only tells how to connect. ``jitter`` returns random numbers from 0 to 1."""
        self._pool = pool
        self._timeout = timeout
        self._limit = limit
        self._jitter = jitter
        self._clock = clock
        self._session: Session | None = None
        self._connected = Event()
        self._hooks: list[Callable[[], None]] = []
        self._reason = "not started"
        self._keeper: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        """Begin to connect; wait for it no longer than the time limit, then go on without."""
        if self._keeper is not None:
            return
        PENDING.set_function(lambda: self.pending)
        self._reason = "no connection yet"
        self._keeper = vital.spawn(self._keep)
        self._connected.wait(self._timeout)

    def stop(self) -> None:
        """Let the commands that are on their way finish, within the time limit, then disconnect."""
        if self._keeper is None:
            return
        session, self._session, self._reason = self._session, None, "stopped"
        deadline = self._clock() + self._timeout
        while session is not None and session.pending and self._clock() < deadline:
            gevent.sleep(0.005)
        self._keeper.kill()
        self._keeper = None
        self._connected.clear()
        PENDING.set_function(lambda: 0)

    def when_connected(self, hook: Callable[[], None]) -> None:
        """Call ``hook`` at each new connection, before other callers know of it; it must not wait."""
        self._hooks.append(hook)

    @property
    def connected(self) -> bool:
        """Whether commands can be sent now."""
        return self._session is not None

    @property
    def pending(self) -> int:
        """How many commands have no reply yet."""
        return 0 if self._session is None else self._session.pending

    def call(self, data: bytes, count: int) -> list[Any]:
        """Do what ``Session.call`` does; raise NotSentError at once while there is no connection."""
        if self._session is None:
            ERRORS.labels("connection").inc(count)
            raise NotSentError(f"not connected to Redis: {self._reason}")
        return self._session.call(data, count)

    def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            begun = self._clock()
            self._lost(self._connect_and_serve())
            lasted = self._clock() - begun > self._timeout + 1.0
            pause = FIRST_PAUSE if lasted else min(pause * 2, LONGEST_PAUSE)
            gevent.sleep(pause * (0.5 + self._jitter() / 2))

    def _connect_and_serve(self) -> Exception:
        try:
            connection = open_connection(self._pool, self._timeout)
        except (redis.RedisError, OSError) as error:
            return error
        self._session = Session(connection, timeout=self._timeout, limit=self._limit, clock=self._clock)
        for hook in self._hooks:
            hook()
        self._connected.set()
        log.info("connected to Redis")
        try:
            return self._session.run()
        finally:
            self._session = None

    def _lost(self, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        if self._connected.is_set() or reason != self._reason:
            log.warning("no connection to Redis: %s", reason)
        if self._connected.is_set():
            self._connected.clear()
            RECONNECTS.inc()
        self._reason = reason


def open_connection(pool: ConnectionPool, timeout: float) -> AbstractConnection:
    """Return a connection that is set up and leads to a primary that serves. Raises RedisError or OSError."""
    connection: Any = pool.connection_class(**pool.connection_kwargs)
    try:
        with gevent.Timeout(2 * timeout, redis.TimeoutError("Redis did not finish the set-up of a connection in time")):
            connection.connect()
            _check(connection)
    except BaseException:
        connection.disconnect()
        raise
    opened: AbstractConnection = connection
    return opened


def _check(connection: Any) -> None:
    """Raise when the server still loads its data, or is a replica: a failover may not have reached the name yet."""
    connection.send_command("PING")
    connection.read_response()
    connection.send_command("ROLE")
    with contextlib.suppress(redis.ResponseError):  # not allowed, or not known: then it has to be taken on trust
        role = connection.read_response()
        if isinstance(role, list) and role and role[0] == b"slave":
            raise redis.ConnectionError("this Redis is a replica")
