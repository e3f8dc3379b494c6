"""The way back: one kept connection to each gate, one sender greenlet on it.

A gate is known by its id, which no other process ever has. So a connection never reaches a gate that was restarted on
the same address, and one that breaks is not made again unless the gate still says where it is.
"""

import logging
import socket
from collections.abc import Callable
from typing import Any

import gevent
from gevent.queue import Empty, Full, Queue

from common.lines import CRLF
from common.metrics import Counter, Gauge

log = logging.getLogger(__name__)

SENT = Counter("worker_answers_sent_total", "Answers that were written to a gate")
LOST = Counter("worker_answers_lost_total", "Answers that could not be brought to their gate", ["reason"])
CONNECTED = Gauge("worker_gates_connected", "Gates with an open connection")
BATCH = 64

Lookup = Callable[[str], str | None]


class GateGoneError(Exception):
    """The gate has left, or cannot be reached."""


class Gates:
    """Sends answers; never waits for a gate."""

    def __init__(self, lookup: Lookup, *, connect_seconds: float, idle_seconds: float, queue: int) -> None:
        """``lookup`` returns ``host:port`` of a gate by its id. A connection without answers for ``idle_seconds`` is
        checked, and closed when its gate has left."""
        self._lookup = lookup
        self._connect_seconds = connect_seconds
        self._idle_seconds = idle_seconds
        self._queue = queue
        self._senders: dict[str, GateSender] = {}

    def send(self, gate_id: str, frame: bytes) -> None:
        """Queue a frame for a gate."""
        sender = self._senders.get(gate_id)
        if sender is None:
            sender = GateSender(gate_id, self._lookup, self._connect_seconds, self._idle_seconds, self._queue)
            self._senders[gate_id] = sender
            sender.run_until_gone(lambda: self._forget(gate_id))
        sender.put(frame)

    def start(self) -> None:
        """Connections are made when the first answer needs them."""

    def stop(self) -> None:
        """Write what is queued, then close."""
        for sender in list(self._senders.values()):
            sender.finish(self._connect_seconds)

    def _forget(self, gate_id: str) -> None:
        self._senders.pop(gate_id, None)


class GateSender:
    """The connection to one gate."""

    def __init__(self, gate_id: str, lookup: Lookup, connect_seconds: float, idle_seconds: float, queue: int) -> None:
        self._gate_id = gate_id
        self._lookup = lookup
        self._connect_seconds = connect_seconds
        self._idle_seconds = idle_seconds
        self._frames: Queue[bytes | None] = Queue(queue)
        self._greenlet: gevent.Greenlet[..., Any] | None = None

    def put(self, frame: bytes) -> None:
        """Queue a frame; drop it when the queue is full, so that a stuck gate holds nobody up."""
        try:
            self._frames.put_nowait(frame)
        except Full:
            LOST.labels("queue full").inc()

    def run_until_gone(self, gone: Callable[[], None]) -> None:
        """Send in a greenlet of its own; ``gone`` is called when the gate has left."""
        self._greenlet = gevent.spawn(self._run, gone)

    def finish(self, seconds: float) -> None:
        """Send what is queued within ``seconds``, then end."""
        if self._greenlet is None:
            return
        try:
            self._frames.put(None, timeout=seconds)
        except Full:
            log.warning("answers are left for a gate that does not take them", extra={"gate": self._gate_id})
        self._greenlet.join(seconds)
        self._greenlet.kill()

    def _run(self, gone: Callable[[], None]) -> None:
        try:
            while self._serve_one_connection():
                pass
        except GateGoneError as error:
            log.info("a gate has left", extra={"gate": self._gate_id, "reason": str(error)})
        finally:
            gone()
            if not self._frames.empty():
                LOST.labels("gate gone").inc(self._frames.qsize())

    def _serve_one_connection(self) -> bool:
        """Send frames until the connection breaks (True) or the sender is to end (False)."""
        peer = self._connect()
        CONNECTED.inc()
        try:
            self._send_batches(peer)
        except OSError as error:
            LOST.labels("connection broke").inc()
            log.warning("the connection to a gate broke: %s", error, extra={"gate": self._gate_id})
            return True
        else:
            return False
        finally:
            CONNECTED.dec()
            peer.close()

    def _send_batches(self, peer: socket.socket) -> None:
        while (batch := self._next_batch()) is not None:
            if batch:
                peer.sendall(b"".join(batch))
                SENT.inc(len(batch) // 2)
            elif self._lookup(self._gate_id) is None:
                raise GateGoneError("it is no longer registered")

    def _next_batch(self) -> list[bytes] | None:
        """Return what is queued, frames and line ends in turn; nothing after an idle time; None at the end."""
        try:
            frame = self._frames.get(timeout=self._idle_seconds)
        except Empty:
            return []
        if frame is None:
            return None
        batch = [frame, CRLF]
        while len(batch) < 2 * BATCH and not self._frames.empty():
            frame = self._frames.get_nowait()
            if frame is None:
                self._frames.put_nowait(None)
                break
            batch += (frame, CRLF)
        return batch

    def _connect(self) -> socket.socket:
        address = self._lookup(self._gate_id)
        if address is None:
            raise GateGoneError("it is not registered")
        host, _, port = address.rpartition(":")
        try:
            peer = socket.create_connection((host, int(port)), self._connect_seconds)
        except OSError as error:
            raise GateGoneError(f"no connection: {error}") from error
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer
