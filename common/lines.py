"""Read lines ended by CRLF from a socket, with a limit on their size and on the time that one may take."""

import socket
from collections.abc import Callable
from time import monotonic

import gevent

CRLF = b"\r\n"
CHUNK = 65536


class LineTooLongError(Exception):
    """The peer sent more bytes without a line end than a line may have."""


class LineTimeoutError(Exception):
    """The peer did not finish a line in time."""


class LineReader:
    """Reads the lines of one socket. Only one greenlet may read."""

    def __init__(self, peer: socket.socket, limit: int, clock: Callable[[], float] = monotonic) -> None:
        """``limit`` is the largest size of a line in bytes, without its end."""
        self._peer = peer
        self._limit = limit
        self._clock = clock
        self._buffer = b""

    def read(self, seconds: float | None) -> bytes | None:
        """Return the next line without CRLF, or None when the peer has closed.

        ``seconds`` is for the whole line, so that a byte now and then does not buy more time. Raises LineTooLongError,
        LineTimeoutError and OSError.
        """
        deadline = None if seconds is None else self._clock() + seconds
        scanned = 0
        while (end := self._buffer.find(CRLF, scanned)) < 0:
            if len(self._buffer) > self._limit + 1:
                raise LineTooLongError
            scanned = max(0, len(self._buffer) - 1)
            chunk = self._receive(deadline)
            if not chunk:
                return None
            self._buffer += chunk
        if end > self._limit:
            raise LineTooLongError
        line, self._buffer = self._buffer[:end], self._buffer[end + 2:]
        return line

    @property
    def pending(self) -> bool:
        """Whether bytes of a further line have already arrived."""
        return bool(self._buffer)

    def _receive(self, deadline: float | None) -> bytes:
        seconds = None if deadline is None else deadline - self._clock()
        if seconds is not None and seconds <= 0:
            raise LineTimeoutError
        self._peer.settimeout(seconds)
        try:
            return self._peer.recv(CHUNK)
        except TimeoutError:
            raise LineTimeoutError from None


def close_after_last_byte(peer: socket.socket, seconds: float) -> None:
    """Close so that the peer gets all that was sent, even if it has sent more than was read.

    Closing with unread input makes the kernel send a reset, which may destroy the answer on its way. So: end our
    side, read what the peer still sends for at most ``seconds``, then close.
    """
    try:
        peer.shutdown(socket.SHUT_WR)
        with gevent.Timeout(seconds, False):  # noqa: FBT003  # gevent's way to say: end quietly
            while peer.recv(CHUNK):
                pass
    except OSError:
        pass  # the peer is gone, which is all that is waited for
    finally:
        peer.close()
