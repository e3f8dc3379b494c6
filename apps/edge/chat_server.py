"""Takes the connections of chat clients, runs a session for each and ends them all when the edge stops."""

import logging
import socket
import ssl
import time
from collections.abc import Callable
from struct import pack

import gevent
from gevent.server import StreamServer

from apps.edge.listener import listen
from apps.edge.session import Session
from apps.edge.settings import EdgeSettings
from common.connection_limits import ConnectionLimits, allow_open_files
from common.metrics import Counter, Gauge

log = logging.getLogger(__name__)

RESET = pack("ii", 1, 0)  # SO_LINGER with no time: close at once and forget what was not sent

CONNECTIONS = Gauge("edge_connections", "Clients connected now")
ACCEPTED = Counter("edge_connections_accepted_total", "Connections that clients opened")
REFUSED = Counter("edge_connections_refused_total", "Connections closed at once", ["reason"])
HANDSHAKES_FAILED = Counter("edge_tls_handshakes_failed_total", "TLS handshakes that failed or took too long")


class ChatServer:
    """Listens for clients from start to stop."""

    def __init__(self, settings: EdgeSettings, tls: ssl.SSLContext | None, begin: Callable[[socket.socket], Session],
                 settle: Callable[[], None]) -> None:
        """``begin`` makes the session of a socket; ``settle`` waits until what clients said so far has gone out."""
        self._settings = settings
        self._tls = tls
        self._begin = begin
        self._settle = settle
        self._sessions: set[Session] = set()
        self._limits = ConnectionLimits(
            total=settings.max_connections, per_address=settings.max_connections_per_address)
        self._server: StreamServer | None = None

    def start(self) -> None:
        room = allow_open_files(self._settings.max_connections)
        if room < self._settings.max_connections:
            log.warning("the system allows fewer open files than --max-connections", extra={"connections": room})
        self._server = StreamServer(listen(self._settings.host, self._settings), self._serve)
        self._server.start()
        log.info("listening for clients", extra={"port": self._server.server_port, "tls": self._tls is not None})

    def stop(self) -> None:
        """Take no more clients; end each session after its last message."""
        if self._server is None:
            return
        self._server.stop()
        self._settle()
        for session in list(self._sessions):
            session.interrupt("server stops")
        self._wait_for_sessions()

    def _wait_for_sessions(self) -> None:
        deadline = time.monotonic() + 2 * self._settings.close_seconds + 1
        while self._sessions and time.monotonic() < deadline:
            gevent.sleep(0.01)
        if self._sessions:
            log.warning("sessions left at the stop", extra={"count": len(self._sessions)})

    def _serve(self, peer: socket.socket, address: tuple[str, int]) -> None:
        """Serve one connection. The server closes the socket when this returns."""
        ACCEPTED.inc()
        reason = self._limits.admit(address[0])
        if reason:
            REFUSED.labels(reason).inc()
            return
        CONNECTIONS.inc()
        try:
            self._run(peer, time.monotonic() + self._settings.register_seconds)
        except Exception:  # one client's trouble must not reach the others
            log.exception("session failed")
        finally:
            self._limits.leave(address[0])
            CONNECTIONS.dec()

    def _run(self, peer: socket.socket, deadline: float) -> None:
        try:
            secured = self._secure(peer, deadline)
        except (OSError, gevent.Timeout) as error:
            HANDSHAKES_FAILED.inc()
            log.info("no TLS handshake", extra={"detail": type(error).__name__})
            return
        session = self._begin(secured)
        self._sessions.add(session)
        try:
            session.run(deadline)
        finally:
            self._sessions.discard(session)
            _close(secured)

    def _secure(self, peer: socket.socket, deadline: float) -> socket.socket:
        if self._tls is None:
            return peer
        secured = self._tls.wrap_socket(peer, server_side=True, do_handshake_on_connect=False)
        try:
            with gevent.Timeout(max(0.001, deadline - time.monotonic())):
                secured.do_handshake()
        except BaseException:
            secured.close()
            raise
        return secured


def _close(peer: socket.socket) -> None:
    """Close a socket that was not closed after its last byte: the client is gone or does not read, so reset it."""
    if peer.fileno() >= 0:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        peer.close()
