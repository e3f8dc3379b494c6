"""Many chat clients in one process: raw sockets on epoll, so that the clients cost less than what they measure.

Reads a JSON object from the standard input: ``port``, ``authority`` (file with the certificate to trust; empty without
TLS), ``nonces`` (a client each), ``rate`` (messages a second of all clients together), ``size`` (bytes of a text),
``seconds``, ``joins`` (clients that may be joining at once). Prints
``joined`` when all are, waits for a line, talks, and prints a JSON object with its figures.
"""

import json
import select
import socket
import ssl
import sys
import time
from typing import Any

OK = b"00000000OK\r\n"
HOST = "127.0.0.1"
READ_BYTES = 262_144
STAMP = 20  # digits of a time in nanoseconds; the clock is the same in all processes of a machine


class Clients:
    """Connections by file descriptor."""

    def __init__(self, port: int, authority: str) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=authority) if authority else None
        self._epoll = select.epoll()
        self.peers: dict[int, socket.socket] = {}
        self.deliveries = 0
        self.latencies: list[float] = []
        self.lost = 0

    def join(self, nonces: list[str], at_once: int) -> float:
        """Register a client for each nonce; return the seconds that it took."""
        begun = time.monotonic()
        waiting = list(nonces)
        joining: set[int] = set()
        while waiting or joining:
            while waiting and len(joining) < at_once:
                joining.add(self._connect(waiting.pop()))
            for number, _ in self._epoll.poll(10):
                self._joined(number, joining)
        return time.monotonic() - begun

    def _connect(self, nonce: str) -> int:
        peer = socket.create_connection((HOST, self._port))
        if self._context is not None:
            peer = self._context.wrap_socket(peer, server_hostname=HOST)
        peer.setblocking(False)
        peer.send(b"00REGISTER" + nonce.encode() + b"\r\n")
        self.peers[peer.fileno()] = peer
        self._epoll.register(peer, select.EPOLLIN)
        return peer.fileno()

    def _joined(self, number: int, joining: set[int]) -> None:
        answer = self._receive(number)
        if number in joining and answer:
            assert answer.startswith(OK), answer
            joining.discard(number)

    def talk(self, rate: float, size: int, seconds: float) -> None:
        """Send at ``rate`` and read for ``seconds``, then read on for a second more."""
        speakers = list(self.peers.values())
        begun = time.monotonic()
        sent = 0
        while (now := time.monotonic() - begun) < seconds + 1:
            due = int(min(now, seconds) * rate)
            while sent < due:
                self._say(speakers[sent % len(speakers)], size)
                sent += 1
            for number, _ in self._epoll.poll(0.002):
                self._read(number)

    def _say(self, peer: socket.socket, size: int) -> None:
        stamp = b"%0*d" % (STAMP, time.monotonic_ns())
        peer.send(b"0000PUBLIC" + stamp + b"x" * (size - STAMP) + b"\r\n")

    def _receive(self, number: int) -> bytes | None:
        """Return all that has arrived; nothing when the server has ended, None when TLS only wanted to be read."""
        peer, pieces = self.peers[number], []
        try:
            while piece := peer.recv(READ_BYTES):
                pieces.append(piece)
                if not (isinstance(peer, ssl.SSLSocket) and peer.pending()):
                    break
        except ssl.SSLWantReadError:
            return b"".join(pieces) or None
        return b"".join(pieces)

    def _read(self, number: int) -> None:
        data = self._receive(number)
        if data is None:
            return
        if not data:
            self.lost += 1
            self._epoll.unregister(number)
            return
        self.deliveries += data.count(b"\n")
        stamp = data[data.find(b":") + 1:][:STAMP]  # of the first message: the one that has waited longest
        if len(stamp) == STAMP and stamp.isdigit():
            self.latencies.append((time.monotonic_ns() - int(stamp)) / 1e6)


def main() -> None:
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    clients = Clients(order["port"], order["authority"])
    join_seconds = clients.join(order["nonces"], order["joins"])
    print("joined", flush=True)
    sys.stdin.readline()
    cpu = time.process_time()
    clients.talk(order["rate"], order["size"], order["seconds"])
    print(json.dumps({"join_seconds": join_seconds, "deliveries": clients.deliveries, "lost": clients.lost,
                      "cpu": time.process_time() - cpu,
                      "latencies": sorted(clients.latencies)[::max(1, len(clients.latencies) // 5000)]}), flush=True)


if __name__ == "__main__":
    main()
