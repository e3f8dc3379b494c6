"""One connection of a load client: it never blocks, and TLS needs nothing of its owner."""

import select
import socket
import ssl

WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
CONNECT_SECONDS = 5.0


class Connection:
    """Sends a ``line`` and collects the answer; ``due`` is when the present request should have been sent."""

    __slots__ = ("_events", "_pending", "_received", "due", "line", "number", "peer")

    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        self.number = peer.fileno()
        self.due = 0.0
        self.line = b""
        self._pending = b""
        self._received = b""
        self._events = 0

    def begin(self, line: bytes, due: float, epoll: select.epoll) -> None:
        """Send a line, or as much as is possible now. Raises OSError."""
        self.due = due
        self.line = self._pending = line
        self.flush(epoll)

    def flush(self, epoll: select.epoll) -> None:
        """Send what is left, and have ``epoll`` wait for what comes next. Raises OSError."""
        events = select.EPOLLIN
        try:
            while self._pending:
                self._pending = self._pending[self.peer.send(self._pending):]
        except (BlockingIOError, ssl.SSLWantWriteError):
            events = select.EPOLLOUT
        except ssl.SSLWantReadError:
            events = select.EPOLLIN
        if events != self._events:
            (epoll.modify if self._events else epoll.register)(self.number, events)
            self._events = events

    def read(self) -> bytes | None:
        """Return the answer line when it is whole. Raises OSError, also when the server has closed."""
        while not self._received.endswith(b"\n"):
            try:
                data = self.peer.recv(65_536)
            except WOULD_BLOCK:
                return None
            if not data:
                raise ConnectionError("closed")
            self._received += data
        answer, self._received = self._received, b""
        return answer


def connect(address: tuple[str, int], tls: ssl.SSLContext | None, source: str = "") -> Connection:
    """Return a connection that is on its way, without TLS from the address ``source`` if given. Raises OSError."""
    if tls is None:
        peer = socket.socket()
        if source:
            peer.bind((source, 0))
        peer.setblocking(False)
        peer.connect_ex(address)
        return Connection(peer)
    plain = socket.create_connection(address, CONNECT_SECONDS)
    plain.setblocking(False)
    return Connection(tls.wrap_socket(plain, server_hostname=address[0], do_handshake_on_connect=False))
