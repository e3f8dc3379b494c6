"""Token buckets: how often somebody may do something. Pure: the time comes in."""

from collections import OrderedDict
from collections.abc import Callable, Hashable


class TokenBucket:
    """Holds up to ``burst`` tokens and gains ``rate`` of them a second."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._updated = now

    def has(self, now: float) -> bool:
        """Whether there is a token."""
        gained = max(0.0, now - self._updated) * self._rate
        self._tokens = min(self._burst, self._tokens + gained)
        self._updated = now
        return self._tokens >= 1

    def take(self, now: float) -> bool:
        """Take a token; False when there is none."""
        if not self.has(now):
            return False
        self._tokens -= 1
        return True

    def full_in(self, now: float) -> float:
        """Return after how many seconds it holds all that it can."""
        self.has(now)
        return (self._burst - self._tokens) / self._rate

    def charge(self, now: float) -> None:
        """Take a token although there may be none; what is owed is at most a burst."""
        self.has(now)
        self._tokens = max(-self._burst, self._tokens - 1)


class Rates:
    """A bucket for each of many; those that were not seen for longest are forgotten, which fills their bucket."""

    def __init__(self, rate: float, burst: float, size: int, clock: Callable[[], float]) -> None:
        """``rate`` is in times a second, 0 for no limit; ``size`` is how many are remembered."""
        self.rate = rate
        self._burst = burst
        self._size = size
        self._clock = clock
        self._buckets: OrderedDict[Hashable, TokenBucket] = OrderedDict()

    def has(self, who: Hashable) -> bool:
        """Whether another time is within the rate; counts nothing."""
        return not self.rate or self._bucket(who).has(self._clock())

    def take(self, who: Hashable) -> bool:
        """Count a time; return whether it is within the rate."""
        return not self.rate or self._bucket(who).take(self._clock())

    def full_in(self, who: Hashable) -> float:
        """Return after how many seconds without a time a whole burst is within the rate again."""
        return self._bucket(who).full_in(self._clock()) if self.rate else 0.0

    def charge(self, who: Hashable) -> None:
        """Count a time that has happened, within the rate or not."""
        if self.rate:
            self._bucket(who).charge(self._clock())

    def _bucket(self, who: Hashable) -> TokenBucket:
        bucket = self._buckets.get(who)
        if bucket is not None:
            self._buckets.move_to_end(who)
            return bucket
        bucket = self._buckets[who] = TokenBucket(self.rate, self._burst, self._clock())
        if len(self._buckets) > self._size:
            self._buckets.popitem(last=False)
        return bucket
