"""Header blocks of NATS messages: ``NATS/1.0[ status[ description]]``, lines of ``Name: value``, an empty line.

The server passes blocks on without looking inside, so a block may hold anything that another client wrote. Reading
takes what it can read and skips the rest: one sender's mistake must not cost a receiver its connection.
"""

import re
from collections.abc import Mapping

VERSION = b"NATS/1.0"
CRLF = b"\r\n"
NAME = re.compile(r"[!-9;-~]+")  # printable ASCII without space and colon
LINE_BREAK = re.compile(r"[\r\n]")


def encode(headers: Mapping[str, str]) -> bytes:
    """Return the block. Raises ValueError for a name or value that would break out of its line."""
    lines = [VERSION]
    for name, value in headers.items():
        if not NAME.fullmatch(name) or LINE_BREAK.search(value):
            raise ValueError(f"not a header: {name!r}")
        lines.append(f"{name}: {value.strip()}".encode())
    return CRLF.join(lines) + CRLF + CRLF


def decode(block: bytes) -> tuple[dict[str, str], int]:
    """Return headers and status (0 without one). Of a name that stands there twice, the last value counts."""
    first, *lines = block.split(CRLF)
    headers = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if colon:
            headers[str(name, "utf-8", "replace")] = str(value.strip(), "utf-8", "replace")
    return headers, _status(first)


def _status(line: bytes) -> int:
    words = line.removeprefix(VERSION).split(maxsplit=1)
    return int(words[0]) if words and len(words[0]) == 3 and words[0].isdigit() else 0
