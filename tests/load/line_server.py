"""A bare gevent server: accept, read a line, answer, close. Nothing that talks to clients like this can cost less.

``python -m gevent.monkey --module tests.load.line_server``; prints its port, and serves until its standard input ends.
"""

import socket
import sys

import gevent
from gevent.server import StreamServer

ANSWER = b'{"status":0,"message":"success","data":{"items":[' + b",".join(
    b'{"iid":%d,"value":1000}' % number for number in range(20)) + b"]}}\r\n"


def serve(peer: socket.socket, _: object) -> None:
    """Answer one client."""
    received = b""
    while not received.endswith(b"\n"):
        data = peer.recv(65_536)
        if not data:
            return
        received += data
    peer.sendall(ANSWER)


def main() -> None:
    server = StreamServer(("127.0.0.1", 0), serve, backlog=1024)
    server.start()
    print(server.server_port, flush=True)
    gevent.get_hub().threadpool.apply(sys.stdin.read)  # reading here would stop all greenlets
    server.stop()


if __name__ == "__main__":
    main()
