"""Metrics of every process, in the format of Prometheus."""

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest, values

LATENCY_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Upper bounds of the latency histograms, in seconds."""

CONTENT_TYPE = CONTENT_TYPE_LATEST

__all__ = ["CONTENT_TYPE", "LATENCY_BUCKETS", "Counter", "Gauge", "Histogram", "exposition"]


class Value:
    """A number without a lock, in place of prometheus_client's own.

    Greenlets do not interrupt one another between reading and writing it, and no metric is counted by two threads at
    once. A request counts some ten times; each lock, which under gevent is a Python object, costs 1 us of CPU.
    """

    _multiprocess = False

    def __init__(self, *_: object, **__: object) -> None:
        """What the value is of does not matter here."""
        self._number = 0.0
        self._exemplar: Any = None

    def inc(self, amount: float) -> None:
        """Add ``amount``."""
        self._number += amount

    def set(self, number: float, timestamp: float | None = None) -> None:  # noqa: ARG002  # the interface
        """Make it ``number``."""
        self._number = number

    def get(self) -> float:
        """Return the number."""
        return self._number

    def set_exemplar(self, exemplar: Any) -> None:
        """Keep an example of what was counted."""
        self._exemplar = exemplar

    def get_exemplar(self) -> Any:
        """Return the example, or None."""
        return self._exemplar


values.ValueClass = Value


def exposition() -> bytes:
    """Return all metrics of this process as text."""
    return generate_latest(REGISTRY)
