"""A connection to a gate that notices its end although nobody reads from it."""

import socket
from collections.abc import Callable

import gevent
from gevent.socket import wait_read


class GateLink:
    """Written to only: a gate never says anything, so whatever comes from it is the end."""

    def __init__(self, address: tuple[str, int], seconds: float, broke: Callable[[], None]) -> None:
        """``seconds`` is the time for connecting and for each write; ``broke`` is called once. Raises OSError."""
        self._peer = socket.create_connection(address, seconds)
        self._peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._broke = broke
        self._broken = False
        self._watch = gevent.spawn(self._wait_for_end)

    def write(self, data: bytes) -> None:
        """Send all of ``data``. Raises OSError."""
        self._peer.sendall(data)

    def check(self) -> None:
        """Raise ConnectionError if the gate has ended the connection."""
        if self._broken:
            raise ConnectionError("the gate has ended it")

    def close(self) -> None:
        self._watch.kill()
        self._peer.close()

    def _wait_for_end(self) -> None:
        wait_read(self._peer.fileno())
        self._broken = True
        self._broke()
