"""``/livez``, ``/readyz`` and ``/metrics`` over HTTP: as a WSGI app, and as a server of its own."""

import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from gevent.pywsgi import WSGIHandler, WSGIServer

from common import greenlets  # noqa: F401  # every process with operations pages counts its greenlets
from common.health import Health
from common.metrics import CONTENT_TYPE, exposition

log = logging.getLogger(__name__)

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
JSON = "application/json"


def answer(path: str, health: Health) -> tuple[int, str, bytes] | None:
    """Return (HTTP status, content type, body) of an operations page, or None when ``path`` is none."""
    if path == "/livez":
        return 200, JSON, b'{"alive":true}'
    if path == "/readyz":
        report = health.report()
        return (200 if report["ready"] else 503), JSON, orjson.dumps(report)
    if path == "/metrics":
        return 200, CONTENT_TYPE, exposition()
    return None


class QuietHandler(WSGIHandler):
    """Serves a connection; what a scanner sends is not worth more than a debug line."""

    def handle(self) -> None:
        try:
            super().handle()
        except OSError as error:
            log.debug("a peer of the operations pages is gone: %s", error)

    def log_error(self, msg: str, *args: object) -> None:  # noqa: ARG002  # the arguments hold bytes of the peer
        log.debug("bad request for the operations pages")


class OpsServer:
    """Serves the operations pages of a process that has no other HTTP port."""

    def __init__(self, address: tuple[str, int], health: Health) -> None:
        self._health = health
        self._server = WSGIServer(address, self._app, log=None, error_log=log, handler_class=QuietHandler)

    @property
    def port(self) -> int:
        """The port that is listened on, after start."""
        return int(self._server.server_port or 0)

    def start(self) -> None:
        self._server.start()
        # Head and body are two writes; without this the second would wait for the acknowledgement of the first.
        self._server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def stop(self) -> None:
        self._server.stop(timeout=1)

    def _app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        found = answer(environ["PATH_INFO"], self._health)
        status, content_type, body = found or (404, JSON, b'{"error":"no such page"}')
        phrase = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}[status]
        start_response(f"{status} {phrase}", [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [body]
