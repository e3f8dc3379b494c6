"""What a client process counts. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.load.histogram import Histogram

NO_SUCCESS = frozenset({"-1", "-2", "-3", "-4", "-5", "10", "11", "12"})
"""Statuses of the platform; all others come from the function itself."""
REFUSED = "-3"
NO_ANSWER = frozenset({"closed", "timeout", "not sent"})
"""Outcomes of requests that got no answer at all."""


def status_of(answer: bytes) -> str:
    """Return the status in an answer line; ``?`` where there is none."""
    if not answer.startswith(b'{"status":'):
        return "?"
    return answer[10:16].partition(b",")[0].strip().decode()


@dataclass
class Tally:
    """Outcomes of the requests that were due between ``begin`` and ``end`` (seconds of the monotonic clock)."""

    begin: float
    end: float
    outcomes: Counter[str] = field(default_factory=Counter)
    accepted: Histogram = field(default_factory=Histogram)
    refused: Histogram = field(default_factory=Histogram)
    """How long those waited who were told that there is no room."""
    answered_in_time: int = 0
    """All answers that came between ``begin`` and ``end``."""
    accepted_in_time: int = 0
    """The same without refusals."""
    lag: Histogram = field(default_factory=Histogram)
    """How late the client itself was: from when a request was due to when it was sent."""

    def note(self, due: float, now: float, outcome: str) -> None:
        """Count a request that should have been sent at ``due`` and ended at ``now``."""
        success = outcome not in NO_SUCCESS and outcome not in NO_ANSWER and outcome != "?"
        if self.begin <= now < self.end:
            self.answered_in_time += outcome not in NO_ANSWER
            self.accepted_in_time += success
        if self.begin <= due < self.end:
            self.outcomes[outcome] += 1
            if success:
                self.accepted.add(now - due)
            elif outcome == REFUSED:
                self.refused.add(now - due)

    def as_json(self) -> dict[str, Any]:
        """Return what ``merged`` reads."""
        return {"begin": self.begin, "end": self.end, "outcomes": self.outcomes,
                "accepted": self.accepted.as_json(), "refused": self.refused.as_json(), "lag": self.lag.as_json(),
                "answered_in_time": self.answered_in_time, "accepted_in_time": self.accepted_in_time}


def merged(parts: Iterable[Mapping[str, Any]]) -> Tally:
    """Add up what several processes counted in the same span of time."""
    total: Tally | None = None
    for part in parts:
        total = total or Tally(part["begin"], part["end"])
        total.outcomes.update(part["outcomes"])
        total.accepted.merge(Histogram.from_json(part["accepted"]))
        total.refused.merge(Histogram.from_json(part["refused"]))
        total.lag.merge(Histogram.from_json(part["lag"]))
        total.answered_in_time += part["answered_in_time"]
        total.accepted_in_time += part["accepted_in_time"]
    assert total is not None
    return total
