"""A client's line as a request, and a function's reply as a line. Pure."""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from apps.worker.module.common import Line, Reply

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class MalformedRequestError(ValueError):
    """The line is no request; the text says why."""


@dataclass(frozen=True)
class Request:
    """``{"function": str, "world": str, "data": {...}, "request_id": str}``; all other keys are ignored."""

    function: str
    world: str
    data: dict[str, Any]
    id: str
    """The client's request id, or empty."""

    @property
    def token(self) -> str:
        """The token, or empty."""
        token = self.data.get("token")
        return token if isinstance(token, str) else ""


def parse(line: bytes) -> Request:
    """Return the request of a line. Raises MalformedRequestError."""
    try:
        body = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise MalformedRequestError("the request is not JSON") from None
    if not isinstance(body, dict):
        raise MalformedRequestError("the request is not an object")
    function, world, data = body.get("function"), body.get("world", ""), body.get("data", {})
    if not isinstance(function, str):
        raise MalformedRequestError("function is not a string")
    if not isinstance(world, str):
        raise MalformedRequestError("world is not a string")
    if not isinstance(data, dict):
        raise MalformedRequestError("data is not an object")
    return Request(function, world, data, _request_id(body.get("request_id")))


def encode(reply: Reply | Line) -> bytes:
    """Return the answer line, without its end. Empty data is always ``{}``."""
    if isinstance(reply, Line):
        return orjson.dumps(reply.value)
    return orjson.dumps({"status": reply.status, "message": reply.message, "data": reply.data or {}},
                        option=orjson.OPT_NON_STR_KEYS)


def _request_id(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not REQUEST_ID.fullmatch(value):
        raise MalformedRequestError("request_id is not 1 to 64 of A-Za-z0-9_-")
    return value
