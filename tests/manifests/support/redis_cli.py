"""The little of redis-cli that the scripts of the manifests use; packages bring the server but not this program."""

import os
import socket
import sys
from typing import IO, Any


def main(words: list[str]) -> int:
    """Run one command and print the reply as ``redis-cli --raw`` does; exit code 1 when there is no connection."""
    host, port = "127.0.0.1", 6379
    while words[0].startswith("-"):
        option = words.pop(0)
        if option == "-h":
            host = words.pop(0)
        elif option == "-p":
            port = int(words.pop(0))
    try:
        with socket.create_connection((host, port), 5) as peer, peer.makefile("rwb") as both:
            stream: Any = both
            ask(stream, ["AUTH", os.environ["REDISCLI_AUTH"]])
            print(ask(stream, words))
    except OSError as error:
        print(f"Could not connect to Redis at {host}:{port}: {error}", file=sys.stderr)
        return 1
    return 0


def ask(stream: IO[Any], words: list[str]) -> str:
    """Send a command and return the text of its reply."""
    parts = [word.encode() for word in words]
    stream.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
    stream.flush()
    return read(stream)


def read(stream: IO[Any]) -> str:
    """Read one reply, the parts of an array a line each."""
    line = stream.readline()
    kind, rest = line[:1], str(line[1:-2], "utf-8")
    if kind == b"$":
        return "" if rest == "-1" else str(stream.read(int(rest) + 2)[:-2], "utf-8")
    if kind == b"*":
        return "\n".join(read(stream) for _ in range(max(0, int(rest))))
    return rest


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
