"""Accept TCP connections: those that are admitted are served in a greenlet of their own."""

import _socket  # tells file descriptors; the sockets of those who are not admitted are never made
import logging
import socket
from collections.abc import Callable

import gevent
from gevent.socket import wait_read

from apps.gate.background import Loop, Spawn

log = logging.getLogger(__name__)

ACCEPTED_A_TURN = 1024
"""Connections that are accepted before others get a turn. Who waits here is not told anything, so let it be many."""
PAUSE_AFTER_ERROR = 0.1
"""Seconds to wait when the system has, for instance, no file descriptor left."""

Serve = Callable[[socket.socket, str], object]
"""Starts to serve a connection: gets the socket, which is to be closed, and the peer's address. Must not wait."""
Admit = Callable[[str], bool]
"""Tells whether a connection from this address is to be served. Must neither wait nor raise."""
Refuse = Callable[[int], None]
"""Gets the file descriptor of a connection that is not admitted, which it has to close. Must neither wait nor raise."""


class Acceptor:
    """Listens from start to stop and has each connection served that is admitted."""

    def __init__(self, host: str, port: int, serve: Serve, *, admit: Admit, refuse: Refuse, backlog: int,
                 spawn: Spawn) -> None:
        """``port`` 0 takes a free one; ``backlog`` connections may wait to be accepted."""
        self._address = host, port
        self._serve = serve
        self._admit = admit
        self._refuse = refuse
        self._backlog = backlog
        self._loop = Loop(spawn, self._run)
        self._listener: socket.socket | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, after start."""
        return int(self._listening().getsockname()[1])

    def start(self) -> None:
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._listener = socket.create_server(self._address, family=family, backlog=self._backlog)
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is accepted inherits it
        self._loop.start()

    def stop(self) -> None:
        """Accept those that have connected already, then listen no more."""
        self._loop.stop()
        if self._listener is not None:
            for _ in range(1 + self._backlog // ACCEPTED_A_TURN):  # no more can wait; who comes meanwhile has no claim
                if self._take_turn(self._listener) < ACCEPTED_A_TURN:
                    break
            self._listener.close()

    def _run(self) -> None:
        listener = self._listening()
        while True:
            wait_read(listener.fileno())
            if self._take_turn(listener):
                gevent.sleep(0)
            else:
                gevent.sleep(PAUSE_AFTER_ERROR)  # somebody else took it, or none could be taken

    def _take_turn(self, listener: socket.socket) -> int:
        """Accept those who wait, up to a limit; return how many."""
        accepted = 0
        quick = _socket.socket(listener.family, listener.type, listener.proto, fileno=listener.fileno())
        try:
            while accepted < ACCEPTED_A_TURN:
                descriptor, address = quick._accept()  # type: ignore[attr-defined]  # noqa: SLF001  # below accept()
                accepted += 1
                self._accept(descriptor, address[0])
        except BlockingIOError:
            pass
        except OSError as error:
            log.error("no connection accepted: %s", error)
        finally:
            quick.detach()  # it is the listener that closes
        return accepted

    def _accept(self, descriptor: int, address: str) -> None:
        if not self._admit(address):
            self._refuse(descriptor)
            return
        listener = self._listening()  # to tell what kind of socket it is saves three calls of the system
        peer = socket.socket(listener.family, listener.type, listener.proto, fileno=descriptor)
        self._serve(peer, address)

    def _listening(self) -> socket.socket:
        if self._listener is None:
            raise RuntimeError("not listening")
        return self._listener
