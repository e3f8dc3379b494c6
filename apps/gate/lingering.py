"""Close answered connections once their clients have closed, at little cost.

Waiting for each client's end in a greenlet of its own costs about as much CPU as all the rest of accepting, reading and
answering. So the connections stand in line and are looked at a few times, each later than the time before.
"""

import logging
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import gevent

from apps.gate.background import Loop, Spawn
from common.lines import CHUNK, close_after_last_byte, end_our_side

log = logging.getLogger(__name__)

INTERVAL = 0.05
"""Seconds between two looks at those whose turn it is."""
AGES = (0.05, 0.2, 0.8)
"""When a connection is looked at, in seconds after its answer; the last time is when its time is over."""


@dataclass(slots=True)
class _Leaver:
    peer: socket.socket
    since: float
    closed: Callable[[], None]


class Lingering:
    """The connections that got their answer. Each is closed when its client has closed, or when its time is over.

    All stay equally long at each age, so each queue is in the order of time and only its head is looked at.
    """

    def __init__(self, *, seconds: float, clock: Callable[[], float], spawn: Spawn) -> None:
        """``seconds`` is how long a client may leave its end open after the answer."""
        self._seconds = seconds
        self._clock = clock
        self._loop = Loop(spawn, self._run)
        ages = [*(age for age in AGES if age < seconds), seconds]
        self._queues: list[tuple[float, deque[_Leaver]]] = [(age, deque()) for age in ages]

    def __len__(self) -> int:
        return sum(len(queue) for _, queue in self._queues)

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        """Close all. What was sent still reaches the clients; the system sees to it."""
        self._loop.stop()
        for _, queue in self._queues:
            while queue:
                self._close(queue.popleft())

    def take(self, peer: socket.socket, closed: Callable[[], None]) -> None:
        """Take over a connection after its last byte was sent; ``closed`` is called once, when it is closed."""
        leaver = _Leaver(peer, self._clock(), closed)
        try:
            end_our_side(peer)
            peer.settimeout(0)
        except OSError:  # the client is gone
            self._close(leaver)
        else:
            self._queues[0][1].append(leaver)

    def look(self) -> None:
        """Look at those whose turn it is."""
        now = self._clock()
        for number, (age, queue) in enumerate(self._queues):
            while queue and queue[0].since + age <= now:
                self._look_at(queue.popleft(), number + 1)

    def _look_at(self, leaver: _Leaver, next_queue: int) -> None:
        try:
            sent_more = leaver.peer.recv(CHUNK)
        except BlockingIOError:
            if next_queue < len(self._queues):
                self._queues[next_queue][1].append(leaver)
                return
        except OSError as error:
            log.debug("a client closed with an error: %s", error)
        else:
            if sent_more:
                gevent.spawn(self._read_to_the_end, leaver)
                return
        self._close(leaver)

    def _read_to_the_end(self, leaver: _Leaver) -> None:
        """Closing now would reset the connection, and the answer may still be on its way."""
        close_after_last_byte(leaver.peer, leaver.since + self._seconds - self._clock())
        leaver.closed()

    def _close(self, leaver: _Leaver) -> None:
        leaver.peer.close()
        leaver.closed()

    def _run(self) -> None:
        while True:
            gevent.sleep(INTERVAL)
            self.look()
