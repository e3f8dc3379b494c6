"""Connections over TLS that get no request served: some are told so, the others are closed.

A client can only be told after a handshake, which costs as much as serving a request. So that those who are served do
not pay for it, so many a second are told and so many at once; all others are closed without a word.
"""

import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from posix import close  # gevent's own would wait for a turn of the event loop
from time import monotonic

import gevent

from common.lines import CRLF, LineTimeoutError, close_after_last_byte
from common.metrics import Counter
from common.token_bucket import TokenBucket

log = logging.getLogger(__name__)

REFUSALS = Counter("gate_tls_refusals_total", "Connections over TLS that were turned away", ["outcome"])
TOLD, CLOSED, FAILED = (REFUSALS.labels(outcome) for outcome in ("told", "closed", "failed"))

BURST_SECONDS = 0.1
"""Handshakes of so long may come at once: more of them would keep the event loop for too long."""


@dataclass(frozen=True)
class RefusalLimits:
    """How many are told."""

    rate: float
    """Clients a second; 0: none."""
    at_once: int
    seconds: float
    """Time for a handshake, and for taking the answer."""
    close_seconds: float
    """Time that a connection stays open after its last byte."""


class TlsRefusals:
    """Answers some of the connections that are not admitted."""

    def __init__(self, answer: bytes, tls: ssl.SSLContext, limits: RefusalLimits, *, run: Callable[..., None],
                 clock: Callable[[], float] = monotonic) -> None:
        """``run`` starts a function beside others."""
        self._answer = answer + CRLF
        self._tls = tls
        self._limits = limits
        self._run = run
        self._clock = clock
        self._bucket = TokenBucket(limits.rate, max(1.0, limits.rate * BURST_SECONDS) if limits.rate else 0.0, clock())
        self._running = 0

    def take(self, descriptor: int) -> None:
        """Answer and close the accepted connection of this file descriptor, or only close it. Never waits."""
        if self._running >= self._limits.at_once or not self._bucket.take(self._clock()):
            close(descriptor)
            CLOSED.inc()
            return
        self._running += 1
        self._run(self._tell, socket.socket(fileno=descriptor))

    def _tell(self, peer: socket.socket) -> None:
        try:
            self._send(self._tls.wrap_socket(peer, server_side=True, do_handshake_on_connect=False))
            TOLD.inc()
        except (OSError, LineTimeoutError) as error:
            FAILED.inc()
            log.debug("a client that was turned away is gone: %r", error)
        finally:
            self._running -= 1
            peer.close()  # if it was not taken over

    def _send(self, peer: ssl.SSLSocket) -> None:
        try:
            with gevent.Timeout(self._limits.seconds, LineTimeoutError):
                peer.do_handshake()
                peer.sendall(self._answer)
        except BaseException:
            peer.close()
            raise
        close_after_last_byte(peer, self._limits.close_seconds)
