"""The requests that wait for an answer: who waits, for how long, and the hand-over."""

from collections.abc import Callable
from enum import Enum
from itertools import takewhile
from typing import NamedTuple

import gevent
from gevent.event import AsyncResult

from apps.gate.background import Loop, Spawn
from common.metrics import Gauge

PENDING = Gauge("gate_pending", "Requests that wait for an answer")
EXPIRY_INTERVAL = 0.1
"""Seconds between two looks for requests that have waited too long; the most that a time-out comes late."""
GONE_INTERVAL = 1.0
"""Seconds between two looks for waiting clients that are gone; who waits less long is not looked at."""


class Outcome(Enum):
    """Why a wait ended without an answer."""

    TIMED_OUT = "timed out"
    NO_WORKER = "no worker"
    CLIENT_GONE = "client gone"


Result = bytes | Outcome
"""The answer line of a worker without CRLF, or why there is none."""


class _Entry(NamedTuple):
    since: float
    gone: Callable[[], object]
    result: "AsyncResult[Result]"


class PendingFullError(Exception):
    """As many requests wait as may wait."""


class PendingAnswers:
    """Message ids and who waits for their answers.

    All wait equally long, so the oldest entry is always the first to expire: one loop looks at the first entries, and
    a request costs neither a timer nor a watch of its socket.
    """

    def __init__(self, *, limit: int, seconds: float, clock: Callable[[], float], spawn: Spawn) -> None:
        """``limit`` is the number of requests that may wait at once, ``seconds`` how long each may wait."""
        self.limit = limit
        self.answered = 0
        """Answers of workers that found who waits for them."""
        self.turned_back = 0
        """Requests that a worker had no room for."""
        self._seconds = seconds
        self._clock = clock
        self._waiting: dict[str, _Entry] = {}
        self._loop = Loop(spawn, self._run)

    def __len__(self) -> int:
        return len(self._waiting)

    def older_than(self, seconds: float) -> int:
        """Return how many requests have waited for so long."""
        return len(self._waiting_for(seconds))

    def start(self) -> None:
        PENDING.set_function(self.__len__)
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop()

    def add(self, message_id: str, gone: Callable[[], object]) -> "AsyncResult[Result]":
        """Enter a request; ``get`` of what is returned waits for its result. Raises PendingFullError.

        ``gone`` tells whether the client has left for sure; it is asked now and then, and must not block.
        """
        if len(self._waiting) >= self.limit:
            raise PendingFullError
        result: AsyncResult[Result] = AsyncResult()
        self._waiting[message_id] = _Entry(self._clock(), gone, result)
        return result

    def answer(self, message_id: str, line: bytes) -> bool:
        """End the wait for ``message_id`` with a worker's answer; False when nobody waits for it. Never blocks."""
        found = self.resolve(message_id, line)
        self.answered += found
        return found

    def turn_back(self, message_id: str, line: bytes) -> None:
        """End the wait for ``message_id`` with the answer of a worker that has no room for it. Never blocks."""
        self.turned_back += self.resolve(message_id, line)

    def resolve(self, message_id: str, result: Result) -> bool:
        """End the wait for ``message_id``; False when nobody waits for it. Never blocks."""
        entry = self._waiting.pop(message_id, None)
        if entry is None:
            return False
        entry.result.set(result)
        return True

    def forget(self, message_id: str) -> None:
        """Drop an entry that nobody waits for any more."""
        self._waiting.pop(message_id, None)

    def expire(self) -> None:
        """End the waits whose time is over."""
        for message_id, _ in self._waiting_for(self._seconds):
            self.resolve(message_id, Outcome.TIMED_OUT)

    def drop_gone(self) -> None:
        """End the waits of clients that are gone."""
        for message_id, entry in self._waiting_for(GONE_INTERVAL):
            if entry.gone():
                self.resolve(message_id, Outcome.CLIENT_GONE)

    def _waiting_for(self, seconds: float) -> list[tuple[str, _Entry]]:
        until = self._clock() - seconds
        return list(takewhile(lambda item: item[1].since <= until, self._waiting.items()))

    def _run(self) -> None:
        looked = self._clock()
        while True:
            gevent.sleep(EXPIRY_INTERVAL)
            self.expire()
            if self._clock() >= looked + GONE_INTERVAL:
                looked = self._clock()
                self.drop_gone()
