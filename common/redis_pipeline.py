"""redis-py's pipelines over the connection that everybody shares."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.retry import Retry

from common.redis_shareable import check_shareable

Call = Callable[[bytes, int], list[Any]]
"""Sends so many packed commands as one piece and returns their replies."""

Pack = Callable[..., list[bytes]]


class Answer:
    """Replies that have arrived, in the shape of a connection that they are read from."""

    def __init__(self, replies: Iterable[Any]) -> None:
        self._replies = iter(replies)

    def read_response(self, *, disable_decoding: bool = True) -> Any:  # noqa: ARG002  # nothing is ever decoded
        """Return the next reply; raise it when it is an error."""
        reply = next(self._replies)
        if isinstance(reply, Exception):
            raise reply
        return reply


class Batch(Answer):
    """What a pipeline takes for a connection: it sends all commands as one piece."""

    host = port = None
    db = 0
    retry = Retry(NoBackoff(), 0)  # what may have been executed is never sent again

    def __init__(self, call: Call, pack: Pack) -> None:
        super().__init__(())
        self._call = call
        self._pack = pack
        self._count = 0

    def pack_commands(self, commands: Iterable[tuple[Any, ...]]) -> list[bytes]:
        """Return the commands in Redis's form."""
        packed = [b"".join(self._pack(*command)) for command in commands]
        self._count = len(packed)
        return packed

    def send_packed_command(self, data: Sequence[bytes]) -> None:
        """Send what ``pack_commands`` returned last and wait for all replies."""
        self._replies = iter(self._call(b"".join(data), self._count))

    def send_command(self, *args: Any, **_options: Any) -> None:
        """Send one command and wait for its reply."""
        self._replies = iter(self._call(b"".join(self._pack(*args)), 1))

    def disconnect(self) -> None:
        """Do nothing: the connection belongs to everybody."""


class Batches:
    """What a pipeline takes for its pool of connections."""

    def __init__(self, call: Call, pack: Pack) -> None:
        self._call = call
        self._pack = pack

    def get_connection(self) -> Batch:
        """Return something to send one batch with."""
        return Batch(self._call, self._pack)

    def release(self, connection: Batch) -> None:
        """Nothing to give back."""


class SharedPipeline(Pipeline):
    """redis-py's pipeline, without WATCH: optimistic locking needs a connection of its own, a script does not."""

    def __init__(self, call: Call, pack: Pack, response_callbacks: Any, *, transaction: bool) -> None:
        super().__init__(Batches(call, pack), response_callbacks, transaction, None)  # type: ignore[arg-type]

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Stage a command for ``execute``."""
        check_shareable(args)
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
