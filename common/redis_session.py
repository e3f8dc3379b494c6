"""One connection to Redis that many greenlets use at once, from its first command to its end.

Redis answers the commands of a connection in their order. So a writer greenlet sends whatever waits in one go, and a
reader greenlet hands each reply to the oldest request that was sent. A caller that gave up leaves its request in
place: the reply is read and dropped, and nobody gets another's. When the oldest reply is late, the connection ends.
When the server says that it is no primary, nothing more is sent to it; what it has been sent still gets its replies.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
import redis
from gevent.event import AsyncResult, Event
from gevent.hub import Waiter, get_hub
from redis.connection import AbstractConnection
from redis.exceptions import ResponseError

from common.metrics import Counter
from common.redis_refusals import wrong_server

log = logging.getLogger(__name__)

COMMANDS = Counter("redis_commands_total", "Commands sent to Redis")
ERRORS = Counter("redis_errors_total", "Commands that failed", ["kind"])

SEND_BYTES = 256 * 1024
"""About how much goes into one send, so that a long queue is not copied into one huge piece."""

GRACE = 0.01
"""Seconds a late reply still gets, so that a process that was held up itself first reads what has arrived."""


class NotSentError(redis.ConnectionError):
    """The command has certainly not been executed: it never left this process."""


class QueueFullError(NotSentError):
    """More commands wait for Redis than may wait at once."""


class Request:
    """Packed commands that leave together; their replies go to one caller."""

    __slots__ = ("_error", "_waiter", "abandoned", "count", "data", "deadline", "replies")

    def __init__(self, data: bytes, count: int, deadline: float) -> None:
        self.data = data
        self.count = count
        self.deadline = deadline
        self.replies: list[Any] = []
        self.abandoned = False
        self._error: Exception | None = None
        self._waiter: Waiter[None] = Waiter()

    def wait(self) -> list[Any]:
        """Return the replies; an error reply is an exception in the list. Raises what ended the connection."""
        try:
            self._waiter.get()
        except BaseException:
            self.abandoned = True
            raise
        if self._error is not None:
            raise self._error
        return self.replies

    def finish(self, error: Exception | None = None) -> None:
        """Wake the caller, as soon as the greenlet that calls this pauses."""
        self._error = error
        get_hub().loop.run_callback(self._waiter.switch, None)


class Session:
    """Sends requests over a connection that is set up, until that fails."""

    def __init__(self, connection: AbstractConnection, *, timeout: float, limit: int, clock: Callable[[], float]):
        """``timeout`` seconds may pass from a request to its replies; ``limit`` commands may be on their way."""
        self._connection: Any = connection  # redis-py declares no types for most of it
        self._timeout = timeout
        self._limit = limit
        self._clock = clock
        self._waiting: deque[Request] = deque()
        self._sent: deque[Request] = deque()
        self._wake = Event()
        self._ended: AsyncResult[Exception] = AsyncResult()
        self._leaving: Exception | None = None
        self.pending = 0
        """Commands without a reply."""

    def call(self, data: bytes, count: int, deadline: float) -> list[Any]:
        """Send ``count`` packed commands and return their replies; error replies are exceptions in the list.

        Raises QueueFullError, redis.TimeoutError, and redis.ConnectionError when the connection ended meanwhile.
        """
        if self._leaving is not None:
            raise NotSentError(f"not sent to Redis: {self._leaving}")
        if self.pending + count > self._limit:
            ERRORS.labels("queue full").inc()
            raise QueueFullError(f"{self.pending} commands wait for Redis, {self._limit} may")
        request = Request(data, count, deadline)
        self.pending += count
        self._waiting.append(request)
        self._wake.set()
        return request.wait()

    def run(self) -> Exception:
        """Serve until the connection fails and return why. Every request that is left fails."""
        self._connection.update_current_socket_timeout(None)  # the reader waits for as long as nothing is asked
        loops = (self._read, self._write, self._watch)
        greenlets = [gevent.spawn(self._guard, loop) for loop in loops]
        error: Exception = redis.ConnectionError("the Redis client was stopped")
        try:
            error = self._ended.get() or error
        finally:  # nothing here gives way to other greenlets, so nothing can come in between
            self._end(error)
            gevent.killall(greenlets, block=False)
            self._connection.disconnect()
            self._fail_all(error)
        return error

    def _end(self, error: Exception) -> None:
        if not self._ended.ready():
            self._ended.set(error)

    def _guard(self, loop: Callable[[], Exception]) -> None:
        try:
            error = loop()
        except (redis.RedisError, OSError) as failure:
            error = failure
        except Exception as failure:  # whatever it was, the place in the stream of replies is lost
            if not self._ended.ready():  # a loop that stumbles over the closed connection is no news
                log.exception("the Redis connection failed unexpectedly")
            error = failure
        self._end(error)

    def _read(self) -> Exception:
        read, sent = self._connection.read_response, self._sent
        while True:
            try:
                reply = read(disconnect_on_error=False)
            except ResponseError as error:
                reply = error
            if not sent:
                return redis.InvalidResponse("Redis sent a reply without a command")
            request = sent[0]
            request.replies.append(reply)
            if len(request.replies) == request.count:
                sent.popleft()
                self.pending -= request.count
                request.finish()
            if self._leaving is None and wrong_server(reply):
                self._leave(redis.ConnectionError(f"this Redis is no primary: {reply}"))
            if self._leaving is not None and not sent:
                return self._leaving

    def _leave(self, reason: Exception) -> None:
        """Send nothing more: what waits can go to another server."""
        self._leaving = reason
        self._fail_waiting(reason)

    def _write(self) -> Exception:
        while True:
            if not self._waiting:
                self._wake.clear()
                self._wake.wait()
            data = self._take()
            if data:
                self._connection.send_packed_command([data], check_health=False)

    def _take(self) -> bytes:
        pieces: list[bytes] = []
        size = count = 0
        while self._waiting and size < SEND_BYTES:
            request = self._waiting.popleft()
            if request.abandoned:
                self.pending -= request.count
                continue
            self._sent.append(request)
            pieces.append(request.data)
            size += len(request.data)
            count += request.count
        COMMANDS.inc(count)
        return b"".join(pieces)

    def _watch(self) -> Exception:
        while True:
            oldest = self._oldest()
            deadline = self._clock() + self._timeout if oldest is None else oldest.deadline
            gevent.sleep(max(deadline - self._clock(), 0))
            oldest = self._oldest()
            if oldest is None or oldest.deadline > self._clock():
                continue
            gevent.sleep(GRACE)
            if oldest is self._oldest():
                return redis.TimeoutError(f"no reply from Redis within {self._timeout} s")

    def _oldest(self) -> Request | None:
        queue = self._sent or self._waiting
        return queue[0] if queue else None

    def _fail_all(self, error: Exception) -> None:
        now = self._clock()
        for place, request in enumerate(self._sent):
            late = request.deadline <= now
            self._fail(request, error if place == 0 else _consequence(error, late=late))
        self._fail_waiting(error)

    def _fail_waiting(self, error: Exception) -> None:
        while self._waiting:
            request = self._waiting.popleft()
            self.pending -= request.count
            self._fail(request, NotSentError(f"not sent to Redis: {error}"))

    def _fail(self, request: Request, error: Exception) -> None:
        kind = "timeout" if isinstance(error, redis.TimeoutError) else "connection"
        ERRORS.labels(kind).inc(request.count)
        request.finish(error if isinstance(error, redis.RedisError) else redis.ConnectionError(str(error)))


def _consequence(error: Exception, *, late: bool) -> Exception:
    kind = redis.TimeoutError if late else redis.ConnectionError
    return kind(f"the Redis connection ended before the reply came: {error}")
