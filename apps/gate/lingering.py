"""Connections whose last byte was sent, open for a little longer.

A client that still sends when its connection is closed causes a reset, which may destroy the answer on its way. So our
side is ended and the connection closed later, many at a time: to wait for each client's end costs a turn of the event
loop for each.
"""

import os
from collections import deque
from collections.abc import Callable
from posix import close  # gevent's own would wait for a turn of the event loop
from time import monotonic

import gevent

from apps.gate.background import Loop, Spawn

MOST = 4000
"""Connections that linger at once; beyond it the oldest are closed earlier."""
SWEEP_SECONDS = 0.05
DRAINED = 65_536
"""Bytes that are read from a connection before it is closed: unread input would make the close a reset."""


class Lingering:
    """Closes connections a while after they were handed over."""

    def __init__(self, seconds: float, *, spawn: Spawn, clock: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._open: deque[tuple[float, int]] = deque()
        self._loop = Loop(spawn, self._run)

    def __len__(self) -> int:
        return len(self._open)

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        """Close all that are still open."""
        self._loop.stop()
        while self._open:
            _close(self._open.popleft()[1])

    def keep(self, descriptor: int) -> None:
        """Take over a non-blocking connection whose sending side has been ended. Never waits."""
        if len(self._open) >= MOST:
            _close(self._open.popleft()[1])
        self._open.append((self._clock() + self._seconds, descriptor))

    def sweep(self) -> None:
        """Close the connections whose time has come."""
        now = self._clock()
        while self._open and self._open[0][0] <= now:
            _close(self._open.popleft()[1])

    def _run(self) -> None:
        while True:
            gevent.sleep(SWEEP_SECONDS)
            self.sweep()


def _close(descriptor: int) -> None:
    try:
        os.read(descriptor, DRAINED)
    except OSError:
        pass  # nothing came, or the client is gone: the usual cases
    finally:
        close(descriptor)
