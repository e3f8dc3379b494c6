"""One connection to a server, from the server's consent to its end."""

import logging
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
from gevent.event import AsyncResult

from common.metrics import Counter
from common.nats.codec import PING, PONG, Event, Info, Refusal, Signal
from common.nats.dial import CHUNK, Dialed
from common.nats.errors import ConnectionLostError, NATSError
from common.nats.message import Message
from common.nats.outbox import Outbox

log = logging.getLogger(__name__)

RECEIVED = Counter("nats_messages_received_total", "Messages that came from NATS")
SENT = Counter("nats_frames_sent_total", "Messages and commands written to NATS")
REFUSALS = Counter("nats_errors_total", "Error lines that a NATS server sent")
READ_COST = 4096
"""What a read counts at least, in bytes, so that a reader of many small pieces lets others run too."""
BREATH = 0.000001
"""Seconds, so that the loop asks the kernel who else is ready; after a sleep of 0 it does so only now and then."""


class Link:
    """A reader (the greenlet of ``run``) and a writer. The first failure of either ends both.

    The socket's time limit T is the rhythm of everything: a write that gets nowhere for T ends the connection; after T
    without a byte from the server it is asked for a sign of life, after another T the connection ends.
    """

    def __init__(
        self,
        dialed: Dialed,
        *,
        outbox: Outbox,
        deliver: Callable[[Message], None],
        on_info: Callable[[dict[str, Any]], None],
    ) -> None:
        """``deliver`` gets each message, ``on_info`` each later INFO, both in the reader's greenlet."""
        self._sock = dialed.sock
        self._parser = dialed.parser
        self._outbox = outbox
        self._deliver = deliver
        self._on_info = on_info
        self._pings: deque[AsyncResult[None]] = deque()
        self._reason: Exception | None = None

    def run(self) -> None:
        """Read and write until the connection ends, then raise why, mostly an OSError or NATSError."""
        writer = gevent.spawn(self._write)
        try:
            self._read()
        except (OSError, NATSError) as error:
            raise self._reason or error from None
        finally:
            writer.kill()
            self._sock.close()
            while self._pings:
                self._pings.popleft().set_exception(ConnectionLostError("the connection to NATS was lost"))

    def drop(self, reason: Exception) -> None:
        """End the connection from any greenlet; ``run`` raises ``reason``."""
        self._reason = self._reason or reason
        with suppress(OSError):  # it is gone already
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)  # of TCP: TLS would wait for its peer

    def ping(self) -> "AsyncResult[None]":
        """Ask for a sign of life; the result is set when all that was queued before has been taken by the server."""
        slot: AsyncResult[None] = AsyncResult()
        self._pings.append(slot)
        self._outbox.put_control(PING)
        return slot

    def _read(self) -> None:
        budget = CHUNK
        while data := self._receive():
            received = 0
            for event in self._parser.feed(data):
                if event.__class__ is Message:
                    received += 1
                    self._deliver(event)
                else:
                    self._control(event)
            RECEIVED.inc(received)
            budget -= len(data) + READ_COST
            if budget <= 0:  # a socket that always has data never waits, and so would never let others run
                gevent.sleep(BREATH)
                budget = CHUNK
        raise ConnectionLostError("closed by the server")

    def _receive(self) -> bytes:
        with suppress(TimeoutError):
            return self._sock.recv(CHUNK)
        self.ping()
        try:
            return self._sock.recv(CHUNK)
        except TimeoutError:
            raise ConnectionLostError("the server gives no sign of life") from None

    def _control(self, event: Event) -> None:
        if event is Signal.PING:
            self._outbox.put_control(PONG)
        elif event is Signal.PONG and self._pings:
            self._pings.popleft().set(None)
        elif isinstance(event, Info):
            self._on_info(event.fields)
        elif isinstance(event, Refusal):
            REFUSALS.inc()
            log.error("NATS refused something: %s", event.text)

    def _write(self) -> None:
        try:
            while True:
                self._send(self._outbox.take())
        except Exception as error:  # noqa: BLE001  # whatever it is, it ends the connection and is raised there
            self.drop(error)

    def _send(self, frames: list[bytes]) -> None:
        data = memoryview(b"".join(frames))
        sent = 0
        try:
            while sent < len(data):
                sent += self._sock.send(data[sent:])
        finally:
            self._outbox.settle(frames, sent)
        SENT.inc(len(frames))
