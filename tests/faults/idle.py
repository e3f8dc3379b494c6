"""What every process must have none of once the clients are gone."""

import urllib.request
from collections.abc import Mapping
from time import monotonic

import gevent

from tests.faults.processes import Processes

GAUGES = ("gate_pending", "gate_connections", "edge_connections", "edge_rooms", "worker_jobs_running",
          "worker_jobs_waiting", "mysql_connections_used", "redis_pending")
SECONDS = 14.0
"""A gate waits for 12 s for the answer of a worker that is dead; a client that left meanwhile does not shorten it."""
POLL_SECONDS = 0.3
ANSWER_SECONDS = 2.0


def not_idle(processes: Processes) -> list[str]:
    """Wait until nothing is left of the clients; describe what is, after a while."""
    deadline = monotonic() + SECONDS
    while (left := leftovers(processes)) and monotonic() < deadline:
        gevent.sleep(POLL_SECONDS)
    return [f"without clients {text}" for text in left]


def leftovers(processes: Processes) -> list[str]:
    """Describe what is left in each process now."""
    texts = []
    for process in processes.system.endpoints["processes"]:
        try:
            found = gauges(page(process["ops"])) if process["ops"] else {}
        except OSError as error:
            texts.append(f"{process['name']} does not show its metrics: {error}")
            continue
        texts += [f"{process['name']} has {name} {value:g}" for name, value in found.items() if value]
    return texts


def page(ops: str) -> str:
    """Return the metrics of a process. Raises OSError."""
    with urllib.request.urlopen(f"{ops}/metrics", timeout=ANSWER_SECONDS) as answer:
        return str(answer.read().decode())


def gauges(text: str) -> Mapping[str, float]:
    """Return those of GAUGES that a page of metrics has."""
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines if name in GAUGES}
