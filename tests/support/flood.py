"""``python -m tests.support.flood PORT``: ask a gate as fast as one process can, and read nothing, until killed."""

import socket
import struct
import sys
from collections import deque
from contextlib import suppress

OPEN = 200
REQUEST = b'{"function":"f"}\r\n'
RESET_AT_CLOSE = struct.pack("ii", 1, 0)


def ask(port: int) -> socket.socket:
    """Send a request on a connection of its own."""
    client = socket.socket()
    client.setblocking(False)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    client.connect_ex(("127.0.0.1", port))
    with suppress(OSError):  # not connected yet: then it is a connection without a request
        client.send(REQUEST)
    return client


def main() -> None:
    port = int(sys.argv[1])
    clients = deque(ask(port) for _ in range(OPEN))
    while True:
        clients.popleft().close()
        clients.append(ask(port))


if __name__ == "__main__":
    main()
