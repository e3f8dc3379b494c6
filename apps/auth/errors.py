"""What an error looks like to the caller: ``{"status": int, "message": str}``."""

import logging

from flask import Flask, Response
from redis import RedisError
from redis.exceptions import ResponseError
from werkzeug.exceptions import HTTPException

from apps.auth.inputs import BadInputError
from apps.auth.live_tokens import ContentionError
from common.http_service import reply
from common.metrics import Counter

log = logging.getLogger(__name__)

REDIS_ERRORS = Counter("auth_redis_errors_total", "Requests that failed because Redis did", ["error"])


def add_to(app: Flask) -> None:
    """Answer each kind of error in JSON."""
    app.register_error_handler(BadInputError, _bad_input)
    app.register_error_handler(RedisError, _redis_failed)
    app.register_error_handler(ContentionError, _contention)
    app.register_error_handler(HTTPException, _http_error)


def _bad_input(error: BadInputError) -> Response:
    return reply({"status": -1, "message": str(error)}, 400)


def _redis_failed(error: RedisError) -> Response:
    """Say that it may work later. The state of Redis is logged where it is probed, not once for every request."""
    REDIS_ERRORS.labels(type(error).__name__).inc()
    if isinstance(error, ResponseError):
        log.error("Redis refused a command: %s", str(error).partition(" ")[0])
    return reply({"status": -3, "message": "Redis is not available"}, 503)


def _contention(error: ContentionError) -> Response:  # noqa: ARG001  # the signature of a handler
    return reply({"status": -3, "message": "too many tokens are being issued to this uid"}, 503)


def _http_error(error: HTTPException) -> Response:
    return reply({"status": -1, "message": error.name}, error.code or 500)
