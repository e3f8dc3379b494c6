"""gunicorn's gevent worker, but for its end: nobody who calls at that moment loses a request.

Callers keep connections open between calls. For a while after SIGTERM the worker goes on as before, but closes each
connection with its next answer, and says so. Then it stops listening, after taking what has already connected, and ends
the connections that were idle all the time. gunicorn would go on waiting for them, and drop what has just arrived.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

from common import garbage, vital
from common.health import EXTENSION as HEALTH
from common.http_service import SETTINGS
from common.timeouts import quietly_within
from common.watchdog import Watchdog

HEARTBEAT = 1.0
"""Seconds between two signs of life to gunicorn's master."""

POLL = 0.02
NEWCOMER_SECONDS = 0.5
"""Seconds for the request of a connection that was made after SIGTERM."""


class Address:
    """Tells gunicorn where a connection came in, when the listening socket is closed too."""

    def __init__(self, listener: socket.socket) -> None:
        self._name = listener.getsockname()

    def getsockname(self) -> Any:
        return self._name


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn has no type hints
    """Serves until SIGTERM, then drains."""

    def load_wsgi(self) -> None:
        super().load_wsgi()
        garbage.freeze()
        vital.ends_by(self._end_early)
        Watchdog(self.wsgi.extensions[SETTINGS].blocked_seconds).start()

    def init_process(self) -> None:
        self._ending = Event()
        self._has_heir = False
        self._peers: dict[Any, socket.socket] = {}
        self._idle: set[Any] = set()
        self._serving = Pool(self.worker_connections)
        super().init_process()

    def run(self) -> None:
        servers = [self._serve(listener) for listener in self.sockets]
        while self.alive:
            self.notify()
            self._ending.wait(HEARTBEAT)
        most = self.cfg.graceful_timeout
        seconds = min(self.wsgi.extensions[SETTINGS].http_drain_seconds, most / 2)
        self._go_on(seconds)
        for server in servers:
            stop_listening(server, for_good=not self._has_heir)
        self._end_idle()
        self._go_on(most - seconds, while_served=True)

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        """Serve a connection."""
        greenlet = gevent.getcurrent()
        self._peers[greenlet] = client
        try:
            super().handle(listener, client, addr)
        finally:
            del self._peers[greenlet]

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """Limit the wait for the next request of a connection."""
        greenlet = gevent.getcurrent()
        if self.alive:
            self._idle.add(greenlet)
        try:
            with quietly_within(self.cfg.keepalive if self.alive else NEWCOMER_SECONDS):
                yield
        finally:
            self._idle.discard(greenlet)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        super().handle_exit(sig, frame)
        self.wsgi.extensions[HEALTH].drain()
        gevent.spawn(self._ending.set)  # a signal handler must not switch

    def _end_early(self) -> None:
        """End as after SIGTERM, but gunicorn's master starts another worker."""
        self._has_heir = True
        self.alive = False
        self.wsgi.extensions[HEALTH].drain()
        self._ending.set()

    def _serve(self, listener: Any) -> StreamServer:
        listener.setblocking(1)
        server = StreamServer(listener, handle=partial(self.handle, Address(listener)), spawn=self._serving)
        server.start()
        return server

    def _go_on(self, seconds: float, *, while_served: bool = False) -> None:
        """Let the connections be served for a while, with ``while_served`` no longer than there are any."""
        end, beat = monotonic() + seconds, 0.0
        while (now := monotonic()) < end and (len(self._serving) or not while_served):
            if now >= beat:
                self.notify()
                beat = now + HEARTBEAT
            gevent.sleep(POLL)

    def _end_idle(self) -> None:
        """End the connections that wait for a request; one that has just arrived is read and answered first."""
        for greenlet in list(self._idle):
            end_input(self._peers[greenlet])


def stop_listening(server: StreamServer, *, for_good: bool) -> None:
    """Close the listening socket after taking the connections that callers have made already.

    ``for_good``: no other worker goes on with it.
    """
    server.stop_accepting()
    while not server.full() and (connection := server.do_read()):
        server.do_handle(*connection)
    if for_good:
        end_input(server.socket)  # gevent closes a turn of the loop later
    server.close()


def end_input(peer: socket.socket) -> None:
    """Let nothing more come in; who waits for it reads what has arrived, then the end.

    Over a twin: gevent's own shutdown would fail the one who waits, and what has arrived would be lost.
    """
    with suppress(OSError), socket.fromfd(peer.fileno(), peer.family, peer.type) as twin:  # the caller may have left
        twin.shutdown(socket.SHUT_RD)
