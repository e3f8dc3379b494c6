"""Keeps one session with Redis alive: sets it up, and sets up the next one when it ends.

A failover costs callers no error where it takes less than the time limit: a call waits for the next connection if the
last one was lost just now, and what a server refused because it is no primary goes to the next one.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
import redis
from gevent.event import Event
from redis.connection import ConnectionPool

from common import vital
from common.metrics import Counter, Gauge
from common.redis_primary import open_connection
from common.redis_refusals import not_done
from common.redis_session import ERRORS, NotSentError, QueueFullError, Session

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
        self._changed = Event()
        self._patient_until = float("-inf")
        self._waiting = 0
        self._hooks: list[Callable[[], None]] = []
        self._reason = "not started"
        self._keeper: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        """Begin to connect; wait for it no longer than the time limit, then go on without."""
        if self._keeper is not None:
            return
        PENDING.set_function(lambda: self.pending)
        self._reason = "no connection yet"
        self._patient_until = self._clock() + self._timeout
        self._keeper = vital.spawn(self._keep)
        self._connected.wait(self._timeout)

    def stop(self) -> None:
        """Let the commands that are on their way finish, within the time limit, then disconnect."""
        if self._keeper is None:
            return
        session, self._reason, self._patient_until = self._session, "stopped", float("-inf")
        self._set(None)
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
        return self._waiting + (0 if self._session is None else self._session.pending)

    def call(self, data: bytes, count: int, *, repeatable: bool = False) -> list[Any]:
        """Send ``count`` packed commands and return their replies; error replies are exceptions in the list.

        They are sent again, within the time limit, while it is certain that they were not executed, or if that does no
        harm (``repeatable``). Raises NotSentError at once when there has been no connection for as long as the time
        limit, QueueFullError, redis.TimeoutError, and redis.ConnectionError when a connection ended meanwhile.
        """
        deadline, session = self._clock() + self._timeout, self._session
        while True:
            session = session or self._next(None, count, deadline)
            try:
                replies = session.call(data, count, deadline)
            except redis.ConnectionError as error:
                again = repeatable or isinstance(error, NotSentError)
                if not again or isinstance(error, QueueFullError) or self._clock() >= deadline:
                    raise
                session = self._next(session, count, deadline)
                continue
            if not not_done(replies):
                return replies
            try:
                session = self._next(session, count, deadline)
            except NotSentError:
                return replies

    def _next(self, left: Session | None, count: int, deadline: float) -> Session:
        """Wait for a session other than ``left``. Raises NotSentError when there is none in time."""
        if self._waiting + count > self._limit:
            ERRORS.labels("queue full").inc(count)
            raise QueueFullError(f"{self._waiting} commands wait for a connection to Redis, {self._limit} may")
        self._waiting += count
        try:
            while self._session is None or self._session is left:
                until = deadline if self._session else min(deadline, self._patient_until)
                if not self._changed.wait(max(0, until - self._clock())):
                    ERRORS.labels("connection").inc(count)
                    raise NotSentError(f"not connected to Redis: {self._reason}")
            return self._session
        finally:
            self._waiting -= count

    def _set(self, session: Session | None) -> None:
        """Have another session, or none, and wake those who wait for that."""
        self._session = session
        changed, self._changed = self._changed, Event()
        changed.set()

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
        session = Session(connection, timeout=self._timeout, limit=self._limit, clock=self._clock)
        self._set(session)
        for hook in self._hooks:
            hook()
        self._connected.set()
        log.info("connected to Redis")
        try:
            return session.run()
        finally:
            self._set(None)

    def _lost(self, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        if self._connected.is_set() or reason != self._reason:
            log.warning("no connection to Redis: %s", reason)
        if self._connected.is_set():
            self._connected.clear()
            self._patient_until = self._clock() + self._timeout
            RECONNECTS.inc()
        self._reason = reason
