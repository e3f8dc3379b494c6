"""What the gate checks of a client's line before it becomes a job. Pure: bytes in, a Request or an error out."""

import re
from typing import Any, NamedTuple

import orjson

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class MalformedRequestError(ValueError):
    """The line is no request; the text says why, in words for the client's programmer."""


class Request(NamedTuple):
    """What the gate itself needs to know of a request; the line goes on to the worker as it came."""

    function: str
    keep_alive: bool


def check(line: bytes) -> Request:
    """Return the request in ``line`` (without CRLF). Raises MalformedRequestError. Unknown keys are ignored."""
    fields = _object(line)
    function = fields.get("function")
    if not isinstance(function, str):
        raise MalformedRequestError("function is missing" if function is None else "function is not a string")
    if not isinstance(fields.get("world", ""), str):
        raise MalformedRequestError("world is not a string")
    if not isinstance(fields.get("data", {}), dict):
        raise MalformedRequestError("data is not an object")
    _check_request_id(fields.get("request_id", "-"))
    keep_alive = fields.get("keep_alive", False)
    if not isinstance(keep_alive, bool):
        raise MalformedRequestError("keep_alive is not a boolean")
    return Request(function, keep_alive)


def _object(line: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise MalformedRequestError(f"not JSON in UTF-8: {error}") from None
    if not isinstance(fields, dict):
        raise MalformedRequestError("not a JSON object")
    return fields


def _check_request_id(request_id: object) -> None:
    if not isinstance(request_id, str) or not REQUEST_ID.fullmatch(request_id):
        raise MalformedRequestError("request_id is not a string of 1 to 64 letters, digits, _ and -")
