"""Connections that get no request served: told so at once, without a greenlet each.

Beyond capacity most of the work is to say no, so it must cost as little as it can: the queue of the system for new
connections would overflow otherwise, and clients would wait for seconds to be let in.
"""

import _socket  # a socket that gevent knows nothing of costs a third
import logging
import socket
from posix import close  # gevent's own would wait for a turn of the event loop
from typing import Any

from apps.gate.lingering import DRAINED, Lingering
from common.lines import CRLF

log = logging.getLogger(__name__)


class TurnedAway:
    """Answers connections that are not admitted."""

    def __init__(self, answer: bytes | None, lingering: Lingering) -> None:
        """Without an ``answer`` connections are closed without a word, as with TLS: a handshake costs too much."""
        self._answer = None if answer is None else answer + CRLF
        self._lingering = lingering

    def take(self, descriptor: int) -> None:
        """Answer and close the accepted connection of this file descriptor. Never waits."""
        if self._answer is None:
            close(descriptor)
            return
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
