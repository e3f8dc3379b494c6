"""Metrics that several parts of the worker count."""

from common.metrics import Counter

UNEXPECTED = Counter("worker_loop_errors_total", "Rounds of work in the background that failed for no known reason",
                     ["loop"])
