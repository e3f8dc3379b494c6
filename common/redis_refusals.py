"""Replies by which a Redis server tells that it is not the one to write to, and what that means for a command."""

from collections.abc import Sequence
from typing import Any

from redis.exceptions import ExecAbortError, MasterDownError, ReadOnlyError, ResponseError

READS = frozenset({"ECHO", "EXISTS", "GET", "HGET", "HGETALL", "MGET", "PING", "PTTL", "ROLE", "TTL"})
"""Commands that change nothing, and so may be sent again even if they may have been executed."""

NO_REPLICAS = "NOREPLICAS"  # redis-py has no class for it and takes the word away only where it has one


def wrong_server(reply: Any) -> bool:
    """Whether a server that is no primary, no longer or not yet, refused: the name may lead to another one by now.

    A primary that misses its replicas counts: another one may have been chosen behind its back.
    """
    return isinstance(reply, (ReadOnlyError, MasterDownError)) or (
        isinstance(reply, ResponseError) and str(reply).startswith(NO_REPLICAS))


def not_done(replies: Sequence[Any]) -> bool:
    """Whether commands that were sent together have certainly had no effect, because the wrong server got them.

    That is so when each of them was refused, and for a transaction whose end says that it was dropped for a refusal.
    """
    if not any(map(wrong_server, replies)):
        return False
    return isinstance(replies[-1], ExecAbortError) or all(map(wrong_server, replies))
