"""How late the event loop is: the one sign of overload that shows before any queue is full.

When more comes in than this process can do, every greenlet waits its turn longer and longer. A greenlet that asks to be
woken after a short while measures that wait.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent

from apps.gate.background import Loop, Spawn
from common.metrics import Gauge

LAG = Gauge("gate_loop_lag_seconds", "How late the event loop is")
INTERVAL = 0.01


class Strain:
    """Tells whether the event loop is later than it may be."""

    def __init__(self, *, limit: float, spawn: Spawn, clock: Callable[[], float] = monotonic) -> None:
        """``limit`` is in seconds."""
        self._limit = limit
        self._clock = clock
        self._due = clock()
        self._lag = 0.0
        self._loop = Loop(spawn, self._run)

    def start(self) -> None:
        LAG.set_function(lambda: self._lag)
        self._due = self._clock()
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop()

    @property
    def is_high(self) -> bool:
        """Whether new work should be turned away. Counts the wait that goes on now, not only the last one."""
        return max(self._lag, self._clock() - self._due) > self._limit

    def _run(self) -> Any:
        while True:
            self._due = self._clock() + INTERVAL
            gevent.sleep(INTERVAL)
            self._lag = max(0.0, self._clock() - self._due)
