"""Connections that get no request served: told so at once, without a greenlet each.

Beyond capacity most of the work is to say no, so it must cost as little as it can: the queue of the system for new
connections would overflow otherwise, and clients would wait for seconds to be let in.
"""

import _socket  # a socket that gevent knows nothing of costs a third
import logging
import socket
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent

from apps.gate.background import Loop, Spawn
from common.lines import CRLF

log = logging.getLogger(__name__)

LINGER_SECONDS = 0.5
"""How long a connection stays open for its client to take the answer; a reset would destroy it on its way."""
LINGERING = 2000
"""Connections that stay open for that at once; beyond it the oldest are closed earlier."""
SWEEP_SECONDS = 0.05
DRAINED = 65_536
"""Bytes that are read from a connection before it is closed."""


class TurnedAway:
    """Answers connections that are not admitted, and closes them a little later."""

    def __init__(self, answer: bytes | None, *, spawn: Spawn, clock: Callable[[], float] = monotonic) -> None:
        """Without an ``answer`` connections are closed without a word, as with TLS: a handshake costs too much."""
        self._answer = None if answer is None else answer + CRLF
        self._clock = clock
        self._lingering: deque[tuple[float, Any]] = deque()
        self._loop = Loop(spawn, self._run)

    def __len__(self) -> int:
        return len(self._lingering)

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        """Close all that are still open."""
        self._loop.stop()
        while self._lingering:
            _close(self._lingering.popleft()[1])

    def take(self, descriptor: int) -> None:
        """Answer and close the accepted connection of this file descriptor. Never waits."""
        peer = _socket.socket(fileno=descriptor)
        if self._answer is None:
            peer.close()
            return
        try:
            asked = _read(peer)
            peer.send(self._answer, socket.MSG_DONTWAIT)
            if not asked:
                peer.shutdown(socket.SHUT_WR)
        except OSError as error:
            log.debug("a client that was turned away is gone: %s", error)
            asked = True
        if asked:
            peer.close()
        else:
            self._keep(peer)

    def _keep(self, peer: Any) -> None:
        """Leave open what has not sent its request yet: closed now, the request would meet a reset."""
        if len(self._lingering) >= LINGERING:
            _close(self._lingering.popleft()[1])
        self._lingering.append((self._clock() + LINGER_SECONDS, peer))

    def sweep(self) -> None:
        """Close the connections whose time has come."""
        now = self._clock()
        while self._lingering and self._lingering[0][0] <= now:
            _close(self._lingering.popleft()[1])

    def _run(self) -> None:
        while True:
            gevent.sleep(SWEEP_SECONDS)
            self.sweep()


def _read(peer: Any) -> bool:
    """Read what has come, because unread input would make the close a reset; return whether a whole line has."""
    try:
        received: bytes = peer.recv(DRAINED, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    return received.endswith(b"\n")


def _close(peer: Any) -> None:
    try:
        _read(peer)
    except OSError as error:
        log.debug("a client that was turned away is gone: %s", error)
    finally:
        peer.close()
