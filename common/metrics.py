"""Metrics of every process, in the format of Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

LATENCY_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Upper bounds of the latency histograms, in seconds."""

CONTENT_TYPE = CONTENT_TYPE_LATEST

__all__ = ["CONTENT_TYPE", "LATENCY_BUCKETS", "Counter", "Gauge", "Histogram", "exposition"]


def exposition() -> bytes:
    """Return all metrics of this process as text."""
    return generate_latest(REGISTRY)
