"""How many requests may wait before a new one would wait too long: what the gate's workers get done decides.

A fixed number cannot tell: 500 requests are a quarter of a second for some workers and five seconds for others. So
while many requests wait, the answers a second are counted; by Little's law as many requests may wait as are answered in
the time that a new one may be expected to wait. While few wait nothing is known, and nothing is limited: a burst after
a quiet time is let in. What was known of a crowd holds on for a while after it has thinned out, or it would come back
as a burst, again and again. A small crowd counts as one only while workers turn requests back: they have less room than
this gate knew, because there are other gates, too, or because they are slow. Requests that have waited long are left
out, for they wait for something else than for their turn: a service that is mute must not keep out those who do not
need it. So are those that an address has beyond its share of what may wait.
"""

import math
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
SMALL_CROWD = 8
"""The same while workers turn requests back."""
BURST_SECONDS = 0.1
"""How long a crowd may last until it counts as one: the answers to a burst come a little later than its requests."""
MEMORY_SECONDS = 1.0
"""How long what was counted holds after the last crowd."""
WARNING_SECONDS = 3.0
"""How long workers are believed to turn requests back after they did it last."""
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
        self._crowded = -math.inf  # when there was a crowd last
        self._turned_back, self._warned = pending.turned_back, -math.inf  # and when workers did so last
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
        now, stuck = self._clock(), self._pending.older_than(STUCK_SECONDS)
        crowd = self._least_crowd(now)
        if len(self._pending) - stuck >= (crowd if self._rate is None else crowd / 2):  # it may not grow beyond that
            self._crowded = now
            self._count(now)
        else:
            self._begin_to_count(now)
        if now - self._crowded > MEMORY_SECONDS:
            self._rate = None
        if self._rate is None:
            self._room = self._pending.limit
        else:
            self._room = min(self._pending.limit, stuck + max(crowd, self._rate * self._seconds))
        self._excess = self._shares.resize(self._room)

    def _least_crowd(self, now: float) -> int:
        if self._pending.turned_back != self._turned_back:
            self._turned_back, self._warned = self._pending.turned_back, now
        return SMALL_CROWD if now - self._warned <= WARNING_SECONDS else CROWD

    def _count(self, now: float) -> None:
        """Count the answers of a crowd, once there is enough of it."""
        passed = now - self._looked
        if passed < (INTERVAL / 2 if self._rate is not None else BURST_SECONDS):
            return
        rate = (self._pending.answered - self._answered) / passed
        self._rate = rate if self._rate is None else self._rate + SMOOTHING * (rate - self._rate)
        self._begin_to_count(now)

    def _begin_to_count(self, now: float) -> None:
        self._looked, self._answered = now, self._pending.answered

    def _run(self) -> None:
        while True:
            gevent.sleep(INTERVAL)
            self.look()
