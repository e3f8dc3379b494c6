"""Run a Flask app on gunicorn with gevent workers: how auth, config and mail are served."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, g, request
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException

from common import logs, ops
from common.health import EXTENSION, Health
from common.metrics import Counter, Histogram
from common.options import option
from common.process_settings import ProcessSettings

SETTINGS = "settings"
"""Where a Flask app keeps its HttpServiceSettings for gunicorn's worker."""

GUNICORN_CONFIGURATION = Path(__file__).resolve().parent.parent / "conf" / "gunicorn.py"

REQUESTS = Counter("http_requests_total", "HTTP requests answered", ["endpoint", "status"])
SECONDS = Histogram("http_request_seconds", "Time from an HTTP request to its answer", ["endpoint"])


@dataclass(frozen=True, kw_only=True)
class HttpServiceSettings(ProcessSettings):
    """Options of a service that speaks HTTP."""

    http_backlog: int = option(2048, "Connections that may wait to be accepted", least=1)
    http_connections: int = option(1000, "Connections that are served at once", least=1)
    http_keepalive: int = option(75, "Seconds that an idle connection is kept", least=0)
    http_drain_seconds: float = option(
        1.0, "Seconds to go on serving after SIGTERM, each connection for one more request", least=0)
    http_body_limit: int = option(1024 * 1024, "Largest body of a request, in bytes", least=1)


class ProcessLogger(Logger):  # type: ignore[misc]  # gunicorn has no type hints
    """Sends what gunicorn logs to the log of the process, in its format."""

    def setup(self, cfg: Any) -> None:  # noqa: ARG002  # the signature of gunicorn
        self.error_log.handlers[:] = []
        self.error_log.propagate = True

    def reopen_files(self) -> None:
        """Nothing to reopen: the log is a stream."""


class GunicornService(BaseApplication):  # type: ignore[misc]  # gunicorn has no type hints
    """gunicorn with this project's settings; the app is built in the worker process, never in the master."""

    def __init__(self, settings: HttpServiceSettings, port: int, load: Callable[[], Flask]) -> None:
        self._settings = settings
        self._port = port
        self._load = load
        super().__init__()

    def load_config(self) -> None:
        namespace: dict[str, Any] = {}
        exec(compile(GUNICORN_CONFIGURATION.read_text(), GUNICORN_CONFIGURATION, "exec"), namespace)  # noqa: S102  # a gunicorn configuration is Python, read from this project's own conf/
        for name, value in namespace.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("logger_class", ProcessLogger)
        self.cfg.set("bind", f"{self._settings.host}:{self._port}")
        self.cfg.set("backlog", self._settings.http_backlog)
        self.cfg.set("worker_connections", self._settings.http_connections)
        self.cfg.set("keepalive", self._settings.http_keepalive)
        self.cfg.set("graceful_timeout", int(self._settings.stop_seconds))

    def load(self) -> Flask:
        return self._load()


def serve(name: str, settings: HttpServiceSettings, port: int, load: Callable[[], Flask]) -> None:
    """Serve the app that ``load`` builds until SIGTERM; does not return."""
    logs.set_up(name, settings.log_level, settings.log_format)
    GunicornService(settings, port, load).run()


def equip(app: Flask, health: Health, settings: HttpServiceSettings) -> Flask:
    """Give an app what all services have: operations pages, metrics, a body limit, JSON errors."""
    app.extensions[EXTENSION] = health
    app.extensions[SETTINGS] = settings
    app.config["MAX_CONTENT_LENGTH"] = settings.http_body_limit
    app.before_request(lambda: _operations(health))
    app.before_request(_note_time)
    app.after_request(_count)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(ParseException, _broken_body)
    return app


def fields() -> dict[str, Any]:
    """Return the fields of the request, from a JSON object or a form; an empty dict when there are none.

    Anything that is not a JSON object gives an empty dict too, so that a missing field is the one error to answer.
    """
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return request.form.to_dict()
    try:
        body = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def reply(body: object, status: int = 200) -> Response:
    """Return ``body`` as JSON. Raises TypeError for what JSON cannot say."""
    return Response(orjson.dumps(body), status=status, content_type=ops.JSON)


def _operations(health: Health) -> Response | None:
    found = ops.answer(request.path, health)
    return None if found is None else Response(found[2], status=found[0], content_type=found[1])


def _note_time() -> None:
    g.begun = time.perf_counter()


def _count(response: Response) -> Response:
    endpoint = request.endpoint or "none"
    REQUESTS.labels(endpoint, response.status_code).inc()
    if "begun" in g:  # operations pages have none
        SECONDS.labels(endpoint).observe(time.perf_counter() - g.begun)
    return response


def _http_error(error: HTTPException) -> Response:
    return reply({"status": -1, "message": error.name}, error.code or 500)


def _broken_body(error: ParseException) -> Response:
    """Answer a body whose chunks make no sense, and read nothing more from its connection."""
    response = reply({"status": -1, "message": f"the body cannot be read: {type(error).__name__}"}, 400)
    response.headers["Connection"] = "close"
    return response
