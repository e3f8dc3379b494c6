"""The way back: one kept connection to each gate, one sender greenlet on it.

A gate is known by its id, which no other process ever has. So a connection never reaches a gate that was restarted on
the same address, and one that breaks is not made again unless the gate still says where it is.
"""

import time
from collections.abc import Callable

from apps.worker.gate_sender import GateSender, Lookup, SendingRules
from common.metrics import Gauge

WAITING = Gauge("worker_answers_waiting", "Answers that were not written to their gate yet")


class Gates:
    """Sends answers; never waits for a gate."""

    def __init__(self, lookup: Lookup, rules: SendingRules, *, clock: Callable[[], float] = time.monotonic) -> None:
        """``lookup`` returns ``host:port`` of a gate by its id; ``clock`` is in seconds."""
        self._lookup = lookup
        self._rules = rules
        self._clock = clock
        self._senders: dict[str, GateSender] = {}

    def send(self, gate_id: str, frame: bytes) -> None:
        """Queue a frame for a gate."""
        sender = self._senders.get(gate_id)
        if sender is None:
            sender = GateSender(gate_id, self._lookup, self._rules, self._clock)
            self._senders[gate_id] = sender
            sender.run_until_gone(lambda: self._forget(gate_id))
        sender.put(frame)

    def start(self) -> None:
        """Connections are made when the first answer needs them."""
        WAITING.set_function(lambda: self.waiting)

    def stop(self) -> None:
        """Write what is queued, then close."""
        for sender in list(self._senders.values()):
            sender.finish()

    @property
    def waiting(self) -> int:
        """How many frames were not written yet."""
        return sum(sender.waiting for sender in self._senders.values())

    def _forget(self, gate_id: str) -> None:
        self._senders.pop(gate_id, None)
