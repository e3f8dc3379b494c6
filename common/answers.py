"""The answers that the platform itself gives. They have no ``data`` key, but for the hint when to retry."""

from enum import IntEnum

import orjson


class Status(IntEnum):
    """Statuses of the platform; all others belong to the functions."""

    SUCCESS = 0
    UNKNOWN_FUNCTION = 10
    TOKEN_REFUSED = 11
    TOKEN_MISSING = 12
    PROGRAMMING_ERROR = -1
    TIMED_OUT = -2
    BUSY = -3
    MALFORMED = -4
    UNKNOWN_WORLD = -5


def platform(status: Status, message: str) -> bytes:
    """Return the answer line of a platform status, without CRLF."""
    return orjson.dumps({"status": int(status), "message": message})


def busy(retry_after: float) -> bytes:
    """Return the answer of a server that has no room now; ``retry_after`` is in seconds.

    It stands beside the status, like all that the platform says, and in ``data``, where clients look for the rest.
    """
    hint = {"retry_after": retry_after}
    return orjson.dumps({"status": int(Status.BUSY), "message": "server busy", **hint, "data": hint})
