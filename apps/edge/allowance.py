"""How much one client may send. Pure: the time comes in."""

from collections.abc import Callable
from enum import Enum

from common.token_bucket import TokenBucket

FLOOD = 10  # this many times the allowed rate is no longer a hasty player


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

    def full_in(self) -> float:
        """Return after how many seconds without a message a whole burst passes again."""
        return self._speech.full_in(self._clock())
