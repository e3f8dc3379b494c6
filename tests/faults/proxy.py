"""A TCP proxy whose network can stall, in one direction or both, and whose connections can be cut."""

import struct
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import gevent
import gevent.socket as socket
from gevent.event import Event
from gevent.server import StreamServer

HOST = "127.0.0.1"
CHUNK = 65536
CONNECT_SECONDS = 5.0
RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with no time: a reset instead of an end


class Proxy:
    """Passes everything on to ``port`` on this machine."""

    def __init__(self, port: int, at: tuple[str, int] = (HOST, 0)) -> None:
        """``at`` is where it listens; port 0 is any free one."""
        self._target = port
        self._server = StreamServer(at, self._serve)
        self._requests, self._answers, self._connects = Event(), Event(), Event()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self.resume()

    @property
    def port(self) -> int:
        return int(self._server.server_port or 0)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self.resume()
        self.cut()
        self._server.stop(timeout=1)

    def pause(self, *, answers_only: bool = False) -> None:
        """Hold everything back; with ``answers_only`` what goes to the target still arrives."""
        if not answers_only:
            self._requests.clear()
        self._answers.clear()

    def hang_new(self) -> None:
        """Take new connections and do nothing with them; those that there are go on."""
        self._connects.clear()

    def resume(self) -> None:
        self._connects.set()
        self._requests.set()
        self._answers.set()

    def close(self) -> None:
        """Take no new connections any more."""
        self._server.stop(timeout=0)

    def cut(self) -> None:
        """Reset all connections; what was held back is lost."""
        for pair in list(self._pairs):
            for peer in pair:
                with suppress(OSError):
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
                    peer.shutdown(socket.SHUT_RDWR)
                peer.close()

    def to_target(self, target: socket.socket, data: bytes) -> None:
        """Pass on what a client sent."""
        target.sendall(data)

    def to_client(self, client: socket.socket, data: bytes) -> None:
        """Pass on what the target sent."""
        client.sendall(data)

    def _serve(self, client: socket.socket, _: Any) -> None:
        self._connects.wait()
        self._requests.wait()
        try:
            target = socket.create_connection((HOST, self._target), CONNECT_SECONDS)
        except OSError:
            client.close()
            return
        self._pass_on(client, target)

    def _pass_on(self, client: socket.socket, target: socket.socket) -> None:
        pair = (client, target)
        for peer in pair:
            peer.settimeout(None)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pairs.add(pair)
        back = gevent.spawn(pump, target, partial(self.to_client, client), client, self._answers)
        try:
            pump(client, partial(self.to_target, target), target, self._requests)
            back.join()
        finally:
            self._pairs.discard(pair)
            back.kill()
            client.close()
            target.close()


def pump(source: socket.socket, send: Callable[[bytes], None], sink: socket.socket, may_pass: Event) -> None:
    """Pass bytes on until the source ends or either side breaks."""
    try:
        while data := source.recv(CHUNK):
            may_pass.wait()
            send(data)
        may_pass.wait()
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for peer in (source, sink):
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
