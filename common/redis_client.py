"""redis-py's client over one shared connection: what many greenlets ask for at once travels together.

All commands of redis-py work as they do there, ``pipeline``, ``register_script`` and ``lock`` included, but for those
that need a connection of their own: blocking commands, publish/subscribe, WATCH and MONITOR. Replies are bytes.
A command that may have been executed is never sent again, unless it only reads.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import redis
from redis.connection import ConnectionPool, PythonRespSerializer

from common.process_settings import RedisSettings
from common.redis_link import Link
from common.redis_pipeline import Answer, Pack, SharedPipeline
from common.redis_refusals import READS
from common.redis_session import ERRORS, NotSentError, QueueFullError
from common.redis_shareable import check_shareable

__all__ = ["NotSentError", "PipelinedRedis", "QueueFullError", "connect"]

READ_BYTES = 64 * 1024


class PipelinedRedis(redis.Redis):
    """A Redis client for any number of greenlets; a part with an owner that starts and stops it.

    Every command raises redis.TimeoutError when its reply is late (it may have been executed), redis.ConnectionError
    when the connection is lost before the reply (the same), NotSentError when it was certainly not executed because
    there is no connection, and QueueFullError, a NotSentError, when too many commands wait already. Within the time
    limit it waits for a connection that was lost just now, and for the next primary when one refuses.
    """

    def __init__(self, url: str, *, password: str = "", timeout: float = 1.0, queue: int = 10_000,
                 jitter: Callable[[], float] = random.random) -> None:
        """``timeout`` in seconds holds for connecting and for each command; ``queue`` is a number of commands."""
        pool = ConnectionPool.from_url(
            url, password=password or None, protocol=2, driver_info=None,
            socket_timeout=timeout, socket_connect_timeout=timeout, socket_read_size=READ_BYTES)
        super().__init__(connection_pool=pool)
        encoder: Any = pool.get_encoder()
        if encoder.decode_responses:
            raise ValueError("decode_responses is not supported: replies are bytes")
        self._pack: Pack = PythonRespSerializer(READ_BYTES, encoder.encode).pack
        self._parse: Callable[..., Any] = super().parse_response  # redis-py declares no types here
        self._link = Link(pool, timeout=timeout, limit=queue, jitter=jitter)

    def start(self) -> None:
        """Connect; goes on after the time limit when Redis is away, and connects as soon as it is there."""
        self._link.start()

    def stop(self) -> None:
        """Let commands that are on their way finish, within the time limit, then disconnect."""
        self._link.stop()

    def close(self) -> None:
        """Do the same as ``stop``; redis-py's name for it."""
        self.stop()

    def when_connected(self, hook: Callable[[], None]) -> None:
        """Call ``hook`` at each new connection: Redis may have lost what it held. It must not wait."""
        self._link.when_connected(hook)

    @property
    def connected(self) -> bool:
        """Whether commands can be sent now."""
        return self._link.connected

    def probe(self) -> str:
        """Tell ``common.health`` that Redis answers. Raises redis.RedisError when it does not."""
        self.ping()
        return "answers"

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send one command and return its reply in redis-py's shape."""
        check_shareable(args)
        reply = self._link.call(b"".join(self._pack(*args)), 1, repeatable=args[0] in READS)[0]
        return self._shape(args, reply, options)

    def execute_many(self, commands: Sequence[tuple[Any, ...]], *, raise_on_error: bool = True) -> list[Any]:
        """Send commands in one round trip, not as a transaction, and return their replies in order.

        An error reply is raised once all replies are here, or stands in the list when ``raise_on_error`` is off.
        """
        if not commands:
            return []
        for command in commands:
            check_shareable(command)
        data = b"".join(piece for command in commands for piece in self._pack(*command))
        replies = self._link.call(data, len(commands))
        return [self._shape(command, reply, {}) if raise_on_error or not isinstance(reply, Exception) else reply
                for command, reply in zip(commands, replies, strict=True)]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> SharedPipeline:  # noqa: FBT001, FBT002, ARG002  # the signature of redis-py
        """Return redis-py's pipeline; a transaction leaves as one MULTI to EXEC that nothing gets in between of."""
        return SharedPipeline(self._link.call, self._pack, self.response_callbacks, transaction=transaction)

    def pubsub(self, **_options: Any) -> NoReturn:
        """Refuse: a subscription needs a connection of its own."""
        raise NotImplementedError("publish/subscribe needs a connection of its own; chat goes over NATS")

    def monitor(self) -> NoReturn:
        """Refuse: MONITOR needs a connection of its own."""
        raise NotImplementedError("MONITOR needs a connection of its own")

    def client(self) -> NoReturn:
        """Refuse: there is one connection, and everybody shares it."""
        raise NotImplementedError("there is one connection, and everybody shares it")

    def _shape(self, args: tuple[Any, ...], reply: Any, options: dict[str, Any]) -> Any:
        if isinstance(reply, Exception):
            ERRORS.labels("reply").inc()
        return self._parse(Answer((reply,)), args[0], **options)


def connect(settings: RedisSettings) -> PipelinedRedis:
    """Return a client for the configured Redis; it connects when it is started."""
    return PipelinedRedis(settings.redis_url, password=settings.redis_password, timeout=settings.redis_timeout,
                          queue=settings.redis_queue)
