"""Latencies in buckets that grow by one percent: small, quick to add to, and easy to merge. Pure."""

import math
from collections import Counter
from collections.abc import Mapping

STEP = math.log(1.01)
LEAST_SECONDS = 1e-6
"""What is quicker counts as this."""


class Histogram:
    """Durations in seconds; a percentile is off by half a percent at most."""

    def __init__(self, buckets: Mapping[int, int] | None = None, largest: float = 0.0) -> None:
        self._buckets: Counter[int] = Counter(buckets or {})
        self.largest = largest

    @property
    def count(self) -> int:
        """How many durations were added."""
        return self._buckets.total()

    def add(self, seconds: float, times: int = 1) -> None:
        """Add a duration."""
        self._buckets[round(math.log(max(seconds, LEAST_SECONDS)) / STEP)] += times
        self.largest = max(self.largest, seconds)

    def merge(self, other: "Histogram") -> None:
        """Add all durations of another one."""
        self._buckets.update(other._buckets)
        self.largest = max(self.largest, other.largest)

    def percentile(self, share: float) -> float:
        """Return the seconds that ``share`` percent of the durations do not exceed; 0 when there are none."""
        left = math.ceil(self.count * share / 100)
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                return min(math.exp(bucket * STEP), self.largest)
        return 0.0

    def as_json(self) -> dict[str, object]:
        """Return what ``from_json`` reads."""
        return {"buckets": sorted(self._buckets.items()), "largest": self.largest}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "Histogram":
        """Read what another process wrote."""
        buckets, largest = value["buckets"], value["largest"]
        assert isinstance(buckets, list)
        assert isinstance(largest, float | int)
        return cls(dict(buckets), float(largest))
