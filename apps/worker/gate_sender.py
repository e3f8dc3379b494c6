"""Sends answers to one gate, again if the connection broke: the gate drops what it has already."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent
import redis
from gevent.event import Event

from apps.worker.gate_link import GateLink
from apps.worker.gate_written import LOST, Batch, Written, batch_of
from common.metrics import Counter, Gauge

log = logging.getLogger(__name__)

SENT = Counter("worker_answers_sent_total", "Answers that were written to a gate")
AGAIN = Counter("worker_answers_sent_again_total", "Answers that were written again after a connection broke")
CONNECTED = Gauge("worker_gates_connected", "Gates with an open connection")
BATCH = 64
PAUSE = 0.1
"""Seconds between two questions while Redis does not answer."""

Lookup = Callable[[str], str | None]


class GateGoneError(Exception):
    """The gate has left, or cannot be reached."""


@dataclass(frozen=True)
class SendingRules:
    """Limits of the way to one gate; all times are in seconds."""

    connect_seconds: float
    """For connecting, and for each write."""
    idle_seconds: float
    """After so long without answers it is checked that the gate is there."""
    patience: float
    """How long answers wait for Redis to say where the gate is."""
    memory: float
    """How long an answer that was written is kept, to be written again if the connection breaks."""
    queue: int
    """Answers that may wait, and as many that are kept."""


class GateSender:
    """The way to one gate."""

    def __init__(self, gate_id: str, lookup: Lookup, rules: SendingRules, clock: Callable[[], float]) -> None:
        self._gate_id = gate_id
        self._lookup = lookup
        self._rules = rules
        self._clock = clock
        self._waiting: deque[bytes] = deque()
        self._written = Written(rules.memory, rules.queue, clock)
        self._again: list[Batch] = []
        self._wake = Event()
        self._ending = False
        self._greenlet: gevent.Greenlet[..., Any] | None = None

    @property
    def waiting(self) -> int:
        """How many frames were not written yet."""
        return len(self._waiting)

    def put(self, frame: bytes) -> None:
        """Queue a frame; drop it when the queue is full, so that a stuck gate holds nobody up."""
        if len(self._waiting) >= self._rules.queue:
            LOST.labels("queue full").inc()
            return
        self._waiting.append(frame)
        self._wake.set()

    def run_until_gone(self, gone: Callable[[], None]) -> None:
        """Send in a greenlet of its own; ``gone`` is called when the gate has left."""
        self._greenlet = gevent.spawn(self._run, gone)

    def finish(self) -> None:
        """Send what is queued within the time for connecting, then end."""
        self._ending = True
        self._wake.set()
        if self._greenlet is not None:
            self._greenlet.join(self._rules.connect_seconds)
            self._greenlet.kill()

    def _run(self, gone: Callable[[], None]) -> None:
        try:
            self._serve_one_connection()
            while self._waiting or self._again:
                self._serve_one_connection()
        except GateGoneError as error:
            log.info("a gate has left", extra={"gate": self._gate_id, "reason": str(error)})
        finally:
            gone()
            LOST.labels("gate gone").inc(len(self._waiting))

    def _serve_one_connection(self) -> None:
        """Send frames until the connection breaks or the sender is to end."""
        link = self._connect()
        CONNECTED.inc()
        try:
            self._serve(link)
        except OSError as error:
            self._again = self._written.after_break()
            log.log(logging.WARNING if self._waiting or self._again else logging.INFO,
                    "the connection to a gate broke: %s", error, extra={"gate": self._gate_id})
        finally:
            CONNECTED.dec()
            link.close()

    def _serve(self, link: GateLink) -> None:
        while self._again:
            AGAIN.inc(self._again[0].frames)
            self._write(link, self._again.pop(0))
        while self._waiting or not self._ending:
            self._wake.clear()
            link.check()
            if self._waiting:
                self._write(link, self._next_batch())
            elif not self._ending and not self._wake.wait(self._rules.idle_seconds):
                self._require_registered()

    def _write(self, link: GateLink, batch: Batch) -> None:
        self._written.note(batch)
        link.write(batch.data)
        SENT.inc(batch.frames)

    def _next_batch(self) -> Batch:
        return batch_of([self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))])

    def _connect(self) -> GateLink:
        host, _, port = self._address().rpartition(":")
        try:
            return GateLink((host, int(port)), self._rules.connect_seconds, self._wake.set)
        except OSError as error:
            raise GateGoneError(f"no connection: {error}") from error

    def _address(self) -> str:
        """Return where the gate is; while Redis does not answer, everything waits. Raises GateGoneError."""
        deadline = self._clock() + self._rules.patience
        while True:
            try:
                address = self._lookup(self._gate_id)
            except redis.RedisError as error:
                if self._clock() > deadline:
                    raise GateGoneError(f"Redis does not say where it is: {error}") from error
                gevent.sleep(PAUSE)
                continue
            if address is None:
                raise GateGoneError("it is not registered")
            return address

    def _require_registered(self) -> None:
        try:
            address = self._lookup(self._gate_id)
        except redis.RedisError as error:
            log.info("not known whether a gate is there: %s", error, extra={"gate": self._gate_id})
            return
        if address is None:
            raise GateGoneError("it is no longer registered")
