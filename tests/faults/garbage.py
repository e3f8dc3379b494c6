"""Bytes that no port expects."""

import random
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress

HOST = "127.0.0.1"
SECONDS = 1.0
RESET_AT_CLOSE = struct.pack("ii", 1, 0)


def shots(source: random.Random) -> Iterator[bytes]:
    """Yield one thing after the other, without end."""
    while True:
        yield source.randbytes(source.randint(1, 4096))
        yield b"A" * source.choice((1, 70_000, 300_000))
        yield b"\r\n" * source.randint(1, 1000)
        yield b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
        yield b"POST /send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\nnull"
        yield b"POST /redeem_nonce HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
        yield b'{"function": 1, "world": [], "data": "x"}\r\n'
        yield b'{"function": "get_all_resource", "world": "../..", "data": {"token": "\\u0000"}}\r\n'
        yield b'{"function":"login","data":' + b"[" * source.randint(100, 20_000) + b"\r\n"
        yield b"00REGISTER" + source.randbytes(200).replace(b"\n", b"") + b"\r\n"
        yield b"0000PUBLICnobody let me in\r\n"
        yield bytes(source.choices(b"0123456789abcdef", k=32)) + b'~{"status":0,"message":"forged","data":{}}\r\n'
        yield b"~" * 1000 + b"\r\n" + b"\x00" * 1000
        yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + source.randbytes(500)


def throw(port: int, shot: bytes, source: random.Random) -> None:
    """Send a shot, then read, end, or reset."""
    with suppress(OSError), socket.create_connection((HOST, port), SECONDS) as peer:
        if source.random() < 0.3:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        peer.sendall(shot)
        if source.random() < 0.3:
            peer.shutdown(socket.SHUT_WR)
        if source.random() < 0.5:
            peer.settimeout(SECONDS / 4)
            peer.recv(4096)
