"""How many requests may wait before a new one would wait too long: what the gate's workers get done decides.

A fixed number cannot tell: 500 requests are a quarter of a second for some workers and five seconds for others. So
while many requests wait, the answers a second are counted; by Little's law as many requests may wait as are answered
in the time that a new one may be expected to wait. While few wait nothing is known, and nothing is limited: a burst
after a quiet time is let in. Requests that have waited long are left out, for they wait for something else than for
their turn: a service that is mute must not keep out those who do not need it. So are those that an address has beyond
its share of what may wait.
"""

from collections.abc import Callable
from time import monotonic

import gevent

from apps.gate.background import Loop, Spawn
from apps.gate.pending import PendingAnswers
from apps.gate.shares import Shares
from common.metrics import Gauge

ROOM = Gauge("gate_room", "Requests that may wait before new connections are turned away")

INTERVAL = 0.025
"""Seconds between two looks."""
CROWD = 48
"""Requests that wait before their number means anything; never are fewer let in."""
BURST_SECONDS = 0.1
"""How long a crowd may last until it counts as one: the answers to a burst come a little later than its requests."""
STUCK_SECONDS = 0.5
"""Age of a request that does not wait for its turn."""
SMOOTHING = 0.3
"""Weight of the latest look at the answers a second."""


class Congestion:
    """Watches the requests that wait and the answers that come."""

    def __init__(self, pending: PendingAnswers, shares: Shares, *, seconds: float, spawn: Spawn,
                 clock: Callable[[], float] = monotonic) -> None:
        """``seconds`` is how long a new request may be expected to wait for its answer."""
        self._pending = pending
        self._shares = shares
        self._seconds = seconds
        self._clock = clock
        self._looked = clock()
        self._answered = pending.answered
        self._rate: float | None = None
        self._room: float = pending.limit
        self._excess = 0.0
        self._loop = Loop(spawn, self._run)

    def start(self) -> None:
        ROOM.set_function(lambda: self._room)
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop()

    def has_room_for(self, more: int) -> bool:
        """Whether so many more requests may wait."""
        return len(self._pending) + more - self._excess <= self._room

    def look(self) -> None:
        """Find out how many requests may wait from now on."""
        now, answered = self._clock(), self._pending.answered
        stuck = self._pending.older_than(STUCK_SECONDS)
        if len(self._pending) - stuck < CROWD:
            self._rate, self._room = None, self._pending.limit
            self._looked, self._answered = now, answered
        elif now - self._looked >= (INTERVAL / 2 if self._rate is not None else BURST_SECONDS):
            self._count((answered - self._answered) / (now - self._looked))
            self._room = min(self._pending.limit, stuck + max(CROWD, (self._rate or 0.0) * self._seconds))
            self._looked, self._answered = now, answered

        self._excess = self._shares.resize(self._room)

    def _count(self, rate: float) -> None:
        self._rate = rate if self._rate is None else self._rate + SMOOTHING * (rate - self._rate)

    def _run(self) -> None:
        while True:
            gevent.sleep(INTERVAL)
            self.look()
