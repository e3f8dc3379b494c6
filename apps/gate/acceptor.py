"""Accept TCP connections, each served in a greenlet of its own."""

import logging
import socket
from collections.abc import Callable

import gevent

from apps.gate.background import Loop, Spawn

log = logging.getLogger(__name__)

ACCEPTS_A_TURN = 64
"""Connections that are accepted before others get a turn."""
PAUSE_AFTER_ERROR = 0.1
"""Seconds to wait when the system has, for instance, no file descriptor left."""

Handler = Callable[[socket.socket, str], None]
"""Serves a connection: gets the socket, which it has to close, and the peer's address. Must not raise."""


class Acceptor:
    """Listens from start to stop and runs the handler for each connection."""

    def __init__(self, host: str, port: int, handle: Handler, *, backlog: int, spawn: Spawn) -> None:
        """``port`` 0 takes a free one; ``backlog`` connections may wait to be accepted."""
        self._address = host, port
        self._handle = handle
        self._backlog = backlog
        self._loop = Loop(spawn, self._run)
        self._listener: socket.socket | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, after start."""
        if self._listener is None:
            raise RuntimeError("not listening")
        return int(self._listener.getsockname()[1])

    def start(self) -> None:
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._listener = socket.create_server(self._address, family=family, backlog=self._backlog)
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is accepted inherits it
        self._loop.start()

    def stop(self) -> None:
        """Accept those that have connected already, then listen no more."""
        self._loop.stop()
        if self._listener is not None:
            self._listener.settimeout(0)
            for _ in range(self._backlog):
                if not self._accept(self._listener):
                    break
            self._listener.close()

    def _run(self) -> None:
        if self._listener is None:
            raise RuntimeError("not listening")
        turn = 0
        while True:
            turn += 1
            if not self._accept(self._listener):
                gevent.sleep(PAUSE_AFTER_ERROR)
            elif turn % ACCEPTS_A_TURN == 0:
                gevent.sleep(0)

    def _accept(self, listener: socket.socket) -> bool:
        try:
            peer, address = listener.accept()
        except BlockingIOError:
            return False
        except OSError as error:
            log.error("no connection accepted: %s", error)
            return False
        gevent.spawn(self._handle, peer, address[0])
        return True
