"""What clients met during one case: how many requests, refusals, repeats and failures, and how long nothing worked."""

import re
from collections.abc import Callable
from itertools import pairwise

STATUS = re.compile(rb'\{"status": ?(-?\d+)')
BUSY, TIMED_OUT = b"-3", b"-2"
KINDS = ("read", "write", "mail", "join", "chat", "family")
MOST_TEXTS = 5


class Tally:
    """Counts. ``kind`` is what a client does: one of KINDS, or anything else that does not go on all the time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begun = clock()
        self._ended: float | None = None
        self._successes: dict[str, list[float]] = {}
        self.requests = self.tries = self.refused = self.timed_out = self.failed = 0
        self.longest = 0.0
        self.wrong: list[str] = []
        self.failures: list[str] = []

    def answered(self, line: bytes) -> None:
        """Count the status of one try."""
        status = STATUS.match(line)
        if status and status[1] == BUSY:
            self.refused += 1
        elif status and status[1] == TIMED_OUT:
            self.timed_out += 1

    def broke(self, error: Exception) -> None:
        """Note that a try got no answer."""

    def success(self, kind: str) -> None:
        """Note that something worked now."""
        self._successes.setdefault(kind, []).append(self._clock())

    def waited(self, seconds: float) -> None:
        """Note how long one request took with all its tries."""
        self.longest = max(self.longest, seconds)

    def fail(self, reason: str) -> None:
        """Count a request that got no answer in all its tries."""
        self.failed += 1
        if len(self.failures) < MOST_TEXTS:
            self.failures.append(reason)

    def wrong_answer(self, text: str) -> None:
        """Note an answer that the request must not get."""
        self.wrong.append(text[:200])

    def end(self) -> None:
        """The load ends; what comes later does not count as recovery."""
        self._ended = self._clock()

    @property
    def retried(self) -> int:
        """Tries beyond the first of each request."""
        return max(0, self.tries - self.requests)

    def gaps(self) -> dict[str, float]:
        """Return for each kind the longest time without a success, in seconds."""
        end = self._clock() if self._ended is None else self._ended
        return {kind: longest_gap(self._begun, self._successes.get(kind, []), end) for kind in KINDS}


def longest_gap(begin: float, times: list[float], end: float) -> float:
    """Return the longest time between two of ``times``, or between one and the begin or end."""
    moments = [begin, *sorted(moment for moment in times if begin <= moment <= end), end]
    return max(later - earlier for earlier, later in pairwise(moments))
