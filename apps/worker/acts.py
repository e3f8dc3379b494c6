"""Runs functions that act outside of the database, once for a request id."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.worker.claims import Claim, Claims, Outgoing
from apps.worker.outbox import Outbox
from apps.worker.stored_answers import REPLAYS
from apps.worker.unit_of_work import Cause

Deliver = Callable[[str, dict[str, Any]], None]
"""Takes kind and body of what is to be sent once the answer is stored."""


@dataclass(frozen=True)
class Asked:
    """A request with an id."""

    owner: str
    id: str
    cause: Cause
    secret: bool
    """Whether its answer holds what lets somebody in."""


class Acts:
    """Raises NotAnsweredError, what Database raises, and what a function raises."""

    def __init__(self, claims: Claims, outbox: Outbox) -> None:
        self._claims = claims
        self._outbox = outbox

    def run(self, asked: Asked, act: Callable[[Deliver], bytes]) -> bytes:
        """Return the answer of ``act``, which is stored by then, or the one that was stored before."""
        taken = self._claims.take(asked.owner, asked.id, asked.cause)
        if not isinstance(taken, Claim):
            REPLAYS.inc()
            return taken
        outgoing: list[Outgoing] = []
        try:
            answer = act(lambda kind, body: outgoing.append((kind, body)))
        except Exception:
            self._claims.drop(taken)
            raise
        self._outbox.deliver(self._claims.settle(taken, answer, outgoing, asked.cause, secret=asked.secret))
        return answer
