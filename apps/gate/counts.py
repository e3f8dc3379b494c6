"""Metrics of requests that more than one part of the gate counts."""

from common.metrics import LATENCY_BUCKETS, Counter, Histogram

_REQUESTS = Counter("gate_requests_total", "Requests by what became of them", ["status"])
_REFUSED = Counter("gate_refused_total", "Connections and requests that were answered as busy", ["reason"])

REQUESTS = {status: _REQUESTS.labels(status) for status in ("answered", "busy", "timed_out", "malformed", "gone")}
REFUSED = {reason: _REFUSED.labels(reason) for reason in (
    "connections", "address", "pending", "redis", "nats", "registration", "no_worker", "rate", "share", "strain")}
SECONDS = Histogram("gate_request_seconds", "Time from a request's arrival to its answer", buckets=LATENCY_BUCKETS)
