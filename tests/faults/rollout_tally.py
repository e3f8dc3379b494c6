"""What clients meet while Deployments are rolled, where every single try counts: none may fail."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.tally import BUSY, STATUS, TIMED_OUT, Tally

SHOWN = 160
MOST_ERRORS = 10


class StrictTally(Tally):
    """Keeps all times, and the text of each try that failed: -2, -3, refused, broken, without an answer."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.times: list[float] = []
        """Seconds of each request."""
        self.errors: list[str] = []

    def answered(self, line: bytes) -> None:
        super().answered(line)
        status = STATUS.match(line)
        if status and status[1] in (BUSY, TIMED_OUT):
            self.errors.append(line.decode(errors="replace")[:SHOWN])

    def broke(self, error: Exception) -> None:
        self.errors.append(f"{type(error).__name__}: {error}"[:SHOWN])

    def waited(self, seconds: float) -> None:
        super().waited(seconds)
        self.times.append(seconds)


@dataclass(frozen=True)
class ServersRow:
    """What players met while servers of a backend were replaced, or one died."""

    what: str
    servers: int
    """How many were replaced."""
    seconds: float
    times: Sequence[float]
    """Seconds of each request, repeats included."""
    errors: Sequence[str]
    """A text for each try of a request or a join, and for each chat session, that did not end as it should."""
    given_up: int
    """Requests without an answer in all their tries."""
    unheard: int
    """Chat messages that were lost on their way."""
    kills: int
    """Containers that needed SIGKILL."""
    planned: bool
    """Whether it was an update, after which nothing may be given up, and no death."""
    costs_tries: bool
    """Whether single tries may fail: jobs that are in a server of NATS when it ends are lost, and asked for again."""

    @property
    def facts(self) -> dict[str, Any]:
        """What a report shows."""
        return {"what": self.what, "servers": self.servers, "seconds": round(self.seconds, 1),
                "requests": len(self.times), "failed": len(self.errors), "given_up": self.given_up,
                "slowest": round(max(self.times, default=0), 2), "unheard": self.unheard, "kills": self.kills,
                "errors": list(self.errors[:MOST_ERRORS])}

    @property
    def problems(self) -> list[str]:
        """What must not be."""
        texts = [f"{len(self.errors)} tries failed: {self.errors[0]}"] if self.errors and not self.costs_tries else []
        if self.planned and self.given_up:
            texts.append(f"{self.given_up} requests were given up")
        if self.kills:
            texts.append(f"{self.kills} containers needed SIGKILL")
        return [f"{self.what}: {text}" for text in texts]


@dataclass(frozen=True)
class Row:
    """What the update of one Deployment cost."""

    deployment: str
    pods: int
    """Pods that were replaced."""
    seconds: float
    times: Sequence[float]
    """Seconds of each request, repeats included."""
    errors: Sequence[str]
    """A text for each try of a request or a join, and for each chat session, that did not end as it should."""
    refused: Sequence[str]
    """A text for each connection that a Service led to a pod which did not take it."""
    reset: Sequence[str]
    """The same for those that a pod reset."""
    kills: int
    """Pods that needed SIGKILL."""

    @property
    def facts(self) -> dict[str, Any]:
        """What a report shows; the 99th percentile in milliseconds."""
        return {"deployment": self.deployment, "pods": self.pods, "seconds": round(self.seconds, 1),
                "requests": len(self.times), "failed": len(self.errors), "refused": len(self.refused),
                "reset": len(self.reset), "p99_ms": round(1000 * percentile(self.times, 0.99)), "kills": self.kills,
                "errors": [*self.errors, *self.refused, *self.reset][:MOST_ERRORS]}

    @property
    def problems(self) -> list[str]:
        """What must not be. A reset alone is none: a caller that loses a kept connection repeats what it may repeat."""
        texts = [f"{len(found)} {what}: {found[0]}" for what, found in (
            ("requests failed", self.errors), ("connections were refused", self.refused)) if found]
        return [f"{self.deployment}: {text}" for text in [
            *texts, *([f"{self.kills} pods needed SIGKILL"] if self.kills else [])]]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that ``share`` (0 to 1) of all do not exceed; 0 when there are none."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else 0.0
