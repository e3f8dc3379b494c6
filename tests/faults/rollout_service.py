"""The address of a Service: it stays the same, and leads each new connection to one of the pods that are ready.

As in a cluster, what becomes of a pod is known here only some time later, connections that are open stay with their
pod, and a pod that does not take a connection any more is not left out: its client finds out. Ends and resets are
passed on as they are.
"""

import errno
import itertools
import struct
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import gevent
import gevent.socket as socket
from gevent.server import StreamServer

CHUNK = 65536
CONNECT_SECONDS = 5.0
BACKLOG = 1024
RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with no time: a reset instead of an end
Place = tuple[str, int]


class Service:
    """One port of a Service, from start to stop."""

    def __init__(self, app: str, place: Place, port: int, delay: float) -> None:
        """It listens at ``place`` and leads to ``port`` of the pods of ``app``.

        ``delay`` in seconds passes until a change of the pods has arrived here.
        """
        self.app = app
        self.place = place
        self.refused: list[str] = []
        """A text for each connection that a pod did not take."""
        self.reset: list[str] = []
        """The same for those that a pod reset."""
        self._port = port
        self._delay = delay
        self._pods: list[str] = []
        self._turns = itertools.count()
        self._server = StreamServer(place, self._serve, backlog=BACKLOG)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop(timeout=1)

    def set(self, address: str, *, ready: bool) -> None:
        """Let connections go to the pod with this address, or no longer; both take effect after the delay."""
        gevent.spawn_later(self._delay, self.set_now, address, ready=ready)

    def set_now(self, address: str, *, ready: bool) -> None:
        """The same at once."""
        self._pods = [*(one for one in self._pods if one != address), *([address] if ready else [])]

    @property
    def places(self) -> list[Place]:
        """Where connections go."""
        return [(address, self._port) for address in self._pods]

    def leads_to(self, addresses: Iterable[str]) -> bool:
        """Whether connections go to these pods and to no others."""
        return set(self._pods) == set(addresses)

    def _serve(self, client: socket.socket, _: Any) -> None:
        address = self._pods[next(self._turns) % len(self._pods)] if self._pods else ""
        try:
            pod = socket.create_connection((address, self._port), CONNECT_SECONDS)
        except OSError as error:
            self.refused.append(f"{self.app} at {address or 'no pod'}: {error}")
            reset(client)
            return
        if not pass_on(client, pod):
            self.reset.append(f"{self.app} at {address} reset a connection")


def pass_on(client: socket.socket, pod: socket.socket) -> bool:
    """Pass bytes on in both directions until both have ended or one was reset; False when the pod has reset it."""
    for peer in (client, pod):
        peer.settimeout(None)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    back = gevent.spawn(pump, pod, client)
    try:
        pump(client, pod)
        back.join()
    finally:
        back.kill()
        client.close()
        pod.close()
    return bool(back.value)


def pump(source: socket.socket, sink: socket.socket) -> bool:
    """Pass bytes on until the source ends, then end the sink; reset one when the other is. False for a reset source."""
    while True:
        try:
            data = source.recv(CHUNK)
        except OSError as error:
            reset(sink)
            return error.errno != errno.ECONNRESET
        try:
            if not data:
                sink.shutdown(socket.SHUT_WR)
                return True
            sink.sendall(data)
        except OSError:
            reset(source)
            return True


def reset(peer: socket.socket) -> None:
    """Close a connection so that the other side sees that it was broken; harmless when it is closed."""
    with suppress(OSError):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    peer.close()
