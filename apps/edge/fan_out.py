"""Collects the messages of each room for a moment and sends each member all of them with one system call.

A message is encoded once, a flush joins the messages of a room once, and all members share those bytes. The pause
between two flushes grows with the time that flushing takes: a quiet edge sends at once, a busy one sends more messages
with each system call.
"""

import time
from collections.abc import Callable, Collection, Hashable
from typing import Any, NamedTuple, Protocol

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore

from common.metrics import LATENCY_BUCKETS, Counter, Histogram

TURN = 256  # sends after which the other greenlets get a turn: one to two milliseconds
REST = 3  # a pause lasts this many times as long as the flush before it: flushing takes a quarter of the time at most

DELIVERIES = Counter("edge_deliveries_total", "Messages sent to clients, counted once for each client")
DROPPED = Counter("edge_room_messages_dropped_total", "Messages dropped because a room had collected too many")
BATCH = Histogram("edge_flush_messages", "Messages of a room in one flush", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256))
SECONDS = Histogram("edge_flush_seconds", "Time from the first message of a flush to its last send",
                    buckets=LATENCY_BUCKETS)


class Receiver(Hashable, Protocol):
    """Takes bytes without waiting."""

    def send(self, data: bytes) -> None: ...


class Pace(NamedTuple):
    """Seconds of the shortest and the longest pause between two flushes."""

    shortest: float
    longest: float


class Batch:
    """The messages that a room has collected."""

    __slots__ = ("lines", "since", "size")

    def __init__(self, since: float) -> None:
        self.lines: list[bytes] = []
        self.size = 0
        self.since = since


class FanOut:
    """Sends lines to the members of rooms, in the order in which they came."""

    def __init__(self, members: Callable[[str], Collection[Receiver]], *, pace: Pace, room_bytes: int,
                 spawn: Callable[[Callable[[], None]], "gevent.Greenlet[..., Any]"],
                 clock: Callable[[], float] = time.monotonic) -> None:
        """``members`` tells who is in a room at the moment of a flush."""
        self._members = members
        self._pace = pace
        self._room_bytes = room_bytes
        self._spawn = spawn
        self._clock = clock
        self._batches: dict[str, Batch] = {}
        self._wake = Event()
        self._flushing = BoundedSemaphore()
        self._loop: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        self._loop = self._spawn(self._run)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def add(self, room: str, line: bytes) -> None:
        """Send ``line`` to the members of ``room`` with the next flush; never waits."""
        batch = self._batches.get(room)
        if batch is None:
            batch = self._batches[room] = Batch(self._clock())
            self._wake.set()
        if batch.size + len(line) > self._room_bytes:
            DROPPED.inc()
            return
        batch.lines.append(line)
        batch.size += len(line)

    def flush(self) -> None:
        """Send all that has been collected."""
        with self._flushing:  # one at a time keeps the order
            batches, self._batches = self._batches, {}
            for room, batch in batches.items():
                self._send(room, batch)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            begun = self._clock()
            self.flush()
            gevent.sleep(self.pause(self._clock() - begun))

    def pause(self, took: float) -> float:
        """Return the seconds to wait after a flush that took ``took`` seconds."""
        return max(self._pace.shortest, min(self._pace.longest, REST * took))

    def _send(self, room: str, batch: Batch) -> None:
        members = list(self._members(room))
        data = b"".join(batch.lines)
        for begin in range(0, len(members), TURN):
            if begin:
                gevent.sleep(0)
            present = self._members(room)
            for member in members[begin:begin + TURN]:
                if member in present:  # who left during another's turn must not get it any more
                    member.send(data)
        DELIVERIES.inc(len(batch.lines) * len(members))
        BATCH.observe(len(batch.lines))
        SECONDS.observe(self._clock() - batch.since)
