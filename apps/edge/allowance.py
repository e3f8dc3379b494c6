"""How much one client may send: a token bucket, and the two of them that a client has. Pure: the time comes in."""

from collections.abc import Callable
from enum import Enum

FLOOD = 10  # this many times the allowed rate is no longer a hasty player


class TokenBucket:
    """Holds up to ``burst`` tokens and gains ``rate`` of them a second."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._updated = now

    def take(self, now: float) -> bool:
        """Take a token; False when there is none."""
        gained = max(0.0, now - self._updated) * self._rate
        self._tokens = min(self._burst, self._tokens + gained)
        self._updated = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Verdict(Enum):
    """What to do with a message."""

    PASS = "pass"  # noqa: S105  # not a password
    DROP = "drop"
    CLOSE = "close"


class Allowance:
    """Judges each message of one client: within the rate it passes, above it is dropped, far above the client goes."""

    __slots__ = ("_clock", "_patience", "_speech")

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        """``rate`` is in messages a second, ``burst`` in messages, ``clock`` in seconds."""
        now = clock()
        self._clock = clock
        self._speech = TokenBucket(rate, burst, now)
        self._patience = TokenBucket(FLOOD * rate, FLOOD * burst, now)

    def judge(self) -> Verdict:
        """Count a message and return what becomes of it."""
        now = self._clock()
        if not self._patience.take(now):
            return Verdict.CLOSE
        return Verdict.PASS if self._speech.take(now) else Verdict.DROP
