"""What goes out to one client: sent at once where the socket takes it, else queued within limits.

A client that does not read costs nobody else anything: ``send`` never waits, a writer greenlet exists only while
something is queued, and a client whose queue is full or makes no progress is cut off.
"""

import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any, NamedTuple

import gevent

from apps.edge.backlog import Backlog
from common.metrics import Counter

log = logging.getLogger(__name__)

PIECE = 16_384  # bytes that are joined for one system call; what is longer goes as it is, without a copy

CUT_OFF = Counter("edge_clients_cut_off_total", "Clients cut off because they did not read", ["reason"])


class SendLimits(NamedTuple):
    """``queue_bytes`` may wait for one client, for at most ``seconds`` without progress; ``backlog`` is of all."""

    queue_bytes: int
    seconds: float
    backlog: Backlog


class Outbound:
    """Sends to one client, in order."""

    __slots__ = ("_closed", "_cut", "_limits", "_peer", "_queue", "_queued", "_tls", "_writer")

    def __init__(self, peer: socket.socket, limits: SendLimits, cut: Callable[[], None]) -> None:
        """``cut`` is called once when the client cannot be served any more; it must not wait."""
        self._peer = peer
        self._limits = limits
        self._cut = cut
        self._tls = isinstance(peer, ssl.SSLSocket)
        self._queue: list[bytes | memoryview] = []
        self._queued = 0
        self._writer: gevent.Greenlet[..., Any] | None = None
        self._closed = True

    @property
    def queued(self) -> int:
        """Bytes that wait for this client."""
        return self._queued

    def open(self) -> None:
        """Begin to take what is sent; before that, as after ``close``, it is not for this client."""
        self._closed = False

    def send(self, data: bytes) -> None:
        """Send whole lines; never waits."""
        if self._closed:
            return
        if self._writer is not None or self._tls:  # gevent's TLS sockets cannot send without waiting
            self._enqueue(data)
            return
        try:
            sent: int = self._peer.send(data, 0, 0.0)  # type: ignore[call-arg]  # gevent's sockets take a time limit
        except BlockingIOError:
            sent = 0
        except OSError:
            self._give_up()
            return
        if sent < len(data):
            self._enqueue(memoryview(data)[sent:])

    def finish(self, seconds: float) -> None:
        """Wait until all that is queued has been sent, for at most ``seconds``; then nothing more is sent."""
        if self._writer is not None:
            self._writer.join(seconds)
        self.close()

    def close(self) -> None:
        """Send nothing any more; what is queued is lost."""
        self._closed = True
        self._forget()
        if self._writer is not None:
            self._writer.kill(block=False)

    def _enqueue(self, data: bytes | memoryview) -> None:
        if self._queued + len(data) > self._limits.queue_bytes:
            self.cut_off("queue full")
            return
        self._queue.append(data)
        self._count(len(data))
        if self._writer is None and not self._closed:
            self._writer = gevent.spawn(self._write_queue)

    def _write_queue(self) -> None:
        try:
            while self._queue:
                self._write(self._next_piece())
        except gevent.Timeout:
            self.cut_off("no progress")
        except OSError:
            self._give_up()
        except Exception:  # one client's trouble must not reach the others
            log.exception("cannot write to a client")
            self._give_up()
        finally:
            self._writer = None

    def _next_piece(self) -> bytes:
        size = count = 0
        while count < len(self._queue) and (not count or size + len(self._queue[count]) <= PIECE):
            size += len(self._queue[count])
            count += 1
        piece = b"".join(self._queue[:count])
        del self._queue[:count]
        return piece

    def _write(self, piece: bytes) -> None:
        rest = memoryview(piece)
        while rest:
            with gevent.Timeout(self._limits.seconds):
                sent = self._peer.send(rest)
            if self._closed:
                return
            self._count(-sent)
            rest = rest[sent:]

    def cut_off(self, reason: str) -> None:
        """Let the client go, because it does not read as fast as others speak."""
        CUT_OFF.labels(reason).inc()
        log.info("client cut off", extra={"reason": reason, "queued_bytes": self._queued})
        self._give_up()

    def _give_up(self) -> None:
        if not self._closed:
            self._closed = True
            self._forget()
            self._cut()

    def _forget(self) -> None:
        self._queue.clear()
        self._count(-self._queued)

    def _count(self, by: int) -> None:
        self._queued += by
        self._limits.backlog.change(self, by)
