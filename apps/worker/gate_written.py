"""What was written to a gate lately, and may be lost if its connection breaks now."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common.lines import CRLF
from common.metrics import Counter

LOST = Counter("worker_answers_lost_total", "Answers that could not be brought to their gate", ["reason"])
TRIES = 2
"""A batch that two connections broke with may be the reason."""


@dataclass
class Batch:
    """Frames that are written together."""

    data: bytes
    frames: int
    moment: float = 0.0
    tries: int = 0


def batch_of(frames: Sequence[bytes]) -> Batch:
    """Return frames as they are written."""
    return Batch(CRLF.join([*frames, b""]), len(frames))


class Written:
    """Batches in the order in which they were written first."""

    def __init__(self, seconds: float, most: int, clock: Callable[[], float]) -> None:
        """A batch is kept for ``seconds``, and no more than ``most`` are."""
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._batches: deque[Batch] = deque()

    def note(self, batch: Batch) -> None:
        """Count a try to write a batch, before it."""
        if not batch.tries:
            self._batches.append(batch)
        batch.tries += 1
        batch.moment = self._clock()
        self._forget_old()

    def after_break(self) -> list[Batch]:
        """Return what is to be written again, and give up what was written again before."""
        self._forget_old()
        LOST.labels("connection broke").inc(sum(batch.frames for batch in self._batches if batch.tries >= TRIES))
        self._batches = deque(batch for batch in self._batches if batch.tries < TRIES)
        return list(self._batches)

    def _forget_old(self) -> None:
        since = self._clock() - self._seconds
        while self._batches and (self._batches[0].moment < since or len(self._batches) > self._most):
            self._batches.popleft()
