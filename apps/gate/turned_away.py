"""Connections that get no request served: told so at once, without a greenlet each.

Beyond capacity most of the work is to say no, so it must cost as little as it can: the queue of the system for new
connections would overflow otherwise, and clients would wait for seconds to be let in.
"""

import _socket  # a socket that gevent knows nothing of costs a third
import logging
import socket
from typing import Any

from apps.gate.lingering import DRAINED, Lingering
from common.lines import CRLF

log = logging.getLogger(__name__)


class TurnedAway:
    """Answers connections without TLS that are not admitted; for the others see ``tls_refusals``."""

    def __init__(self, answer: bytes, lingering: Lingering) -> None:
        self._answer = answer + CRLF
        self._lingering = lingering

    def take(self, descriptor: int) -> None:
        """Answer and close the accepted connection of this file descriptor. Never waits."""
        peer = _socket.socket(fileno=descriptor)
        try:
            asked = _read(peer)
            peer.send(self._answer, socket.MSG_DONTWAIT)
            if not asked:  # closed now, the request would meet a reset
                peer.shutdown(socket.SHUT_WR)
                peer.settimeout(0)
                self._lingering.keep(peer.detach())
        except OSError as error:
            log.debug("a client that was turned away is gone: %s", error)
        finally:
            peer.close()


def _read(peer: Any) -> bool:
    """Read what has come, because unread input would make the close a reset; return whether a whole line has."""
    try:
        received: bytes = peer.recv(DRAINED, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    return received.endswith(b"\n")
