"""The NATS client protocol as bytes: a parser of what servers send, encoders of what clients send.

Pure: no socket, no clock. The protocol: https://docs.nats.io/reference/reference-protocols/nats-protocol
"""

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from common.nats import headers as header_block
from common.nats.errors import ProtocolError
from common.nats.message import Message

CRLF = b"\r\n"
MAX_LINE = 64 * 1024
"""Longest line, in bytes; the INFO of a big cluster is the longest that servers send."""
MAX_PAYLOAD = 64 * 1024 * 1024
"""Largest payload with its headers, in bytes: no server can be configured to allow more."""
MAX_SUBJECT = 1024
"""Longest subject, in bytes. Servers drop a client whose line is longer than 4096 bytes."""
PING = b"PING\r\n"
PONG = b"PONG\r\n"

SUBJECT = re.compile(r"[^\x00-\x20\x7f.]+(?:\.[^\x00-\x20\x7f.]+)*")
WILDCARD = re.compile(r"(?:^|\.)[*>](?:\.|$)")


class Signal(enum.Enum):
    """Lines without content."""

    PING = b"PING"
    PONG = b"PONG"
    OK = b"+OK"


@dataclass(frozen=True)
class Info:
    """What a server tells of itself, first of all and whenever its cluster changes."""

    fields: dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """A ``-ERR`` line."""

    text: str


Event = Message | Signal | Info | Refusal
SIGNALS = {signal.value: signal for signal in Signal}


class Parser:
    """Turns pieces of a byte stream into events. However the stream is cut, the events are the same."""

    def __init__(self, *, max_line: int = MAX_LINE, max_payload: int = MAX_PAYLOAD) -> None:
        self._max_line = max_line
        self._max_payload = max_payload
        self._pieces: list[bytes] = []
        self._held = 0
        self._needed = 0  # bytes to hold before another look at them is worth while

    @property
    def empty(self) -> bool:
        """Whether every byte so far belonged to a finished event."""
        return not self._held

    def feed(self, data: bytes) -> Iterator[Event]:
        """Return the events that ``data`` completes, to be run to its end. Running raises ProtocolError."""
        self._pieces.append(data)
        self._held += len(data)
        return iter(()) if self._held < self._needed else self._events(b"".join(self._pieces))

    def _events(self, buffer: bytes) -> Iterator[Event]:
        # Nearly all traffic passes here once a message: this loop limits the throughput of a process.
        max_line, max_payload, length = self._max_line, self._max_payload, len(buffer)
        position = needed = 0
        while (end := buffer.find(CRLF, position)) >= 0:
            if end - position > max_line:
                raise ProtocolError("a line is too long")
            line = buffer[position:end]
            delivery = parse_delivery(line)
            if delivery is None:
                position = end + 2
                yield parse_line(line)
                continue
            sid, subject, reply, header_size, size = delivery
            if size > max_payload:
                raise ProtocolError("a payload is too large")
            start = end + 2
            stop = start + size
            if stop + 2 > length:
                needed = stop + 2 - position
                break
            if buffer[stop : stop + 2] != CRLF:
                raise ProtocolError("a payload does not end where its size says")
            position = stop + 2
            if header_size:
                headers, status = header_block.decode(buffer[start : start + header_size])
                message = Message(sid, subject, reply, buffer[start + header_size : stop])
                yield message.with_headers(headers, status)
            else:
                yield Message(sid, subject, reply, buffer[start:stop])
        self._keep(buffer[position:], needed)

    def _keep(self, rest: bytes, needed: int) -> None:
        if not needed and len(rest) > self._max_line + 1:  # one more: the CR may be here already
            raise ProtocolError("a line is too long")
        self._pieces = [rest] if rest else []
        self._held = len(rest)
        self._needed = needed


@lru_cache(maxsize=1024)  # the lines of a busy subject repeat; reading one costs more than all the rest
def parse_delivery(line: bytes) -> tuple[int, str, str, int, int] | None:
    """Return sid, subject, reply ("" without one), size of the headers (0) and of all, in bytes; None for other lines.

    Raises ProtocolError for a ``MSG`` or ``HMSG`` line that is not well formed.
    """
    operation, *words = line.decode("utf-8", "replace").split(" ")
    if operation not in {"MSG", "HMSG"}:
        return None
    numbers = 1 if operation == "MSG" else 2
    if len(words) == 2 + numbers:
        words.insert(2, "")
    if len(words) != 3 + numbers or not words[0]:
        raise ProtocolError("a message line has the wrong number of words")
    sizes = [_number(word) for word in words[3:]]
    if sizes[0] > sizes[-1]:
        raise ProtocolError("headers are larger than their message")
    return _number(words[1]), words[0], words[2], sizes[0] if numbers == 2 else 0, sizes[-1]


def parse_line(line: bytes) -> Signal | Info | Refusal:
    """Return the event of a line without payload. Raises ProtocolError."""
    operation, _, rest = line.partition(b" ")
    if operation in SIGNALS and not rest:
        return SIGNALS[operation]
    if operation == b"-ERR":
        return Refusal(rest.decode("utf-8", "replace").strip().strip("'"))
    if operation == b"INFO":
        return Info(_object(rest))
    raise ProtocolError("a line is none that servers send")


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 20):
        raise ProtocolError("a number is not one")
    return int(word)


def _object(text: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ProtocolError("INFO is not JSON") from None
    if not isinstance(fields, dict):
        raise ProtocolError("INFO is not an object")
    return fields


@lru_cache(maxsize=4096)
def subject_bytes(subject: str) -> bytes:
    """Return a subject to publish to as it goes onto the wire. Raises ValueError when it is none."""
    if WILDCARD.search(subject):
        raise ValueError(f"wildcards cannot be published to: {subject!r}")
    return pattern_bytes(subject)


def pattern_bytes(subject: str) -> bytes:
    """Return a subject to subscribe to (or a queue group) as it goes onto the wire. Raises ValueError."""
    encoded = subject.encode()
    if not SUBJECT.fullmatch(subject) or len(encoded) > MAX_SUBJECT:
        raise ValueError(f"not a subject: {subject[:100]!r}")
    return encoded


def encode_publish(subject: str, payload: bytes, reply: str = "", headers: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a message. Raises ValueError for a subject, reply or header that is not legal."""
    target = subject_bytes(subject)
    if reply:
        target = b"%b %b" % (target, subject_bytes(reply))
    if headers:
        block = header_block.encode(headers)
        return b"HPUB %b %d %d\r\n%b%b\r\n" % (target, len(block), len(block) + len(payload), block, payload)
    return b"PUB %b %d\r\n%b\r\n" % (target, len(payload), payload)


def encode_subscribe(subject: str, queue: str, sid: int) -> bytes:
    """Return the bytes of a subscription; without ``queue`` (empty) it gets every message. Raises ValueError."""
    target = pattern_bytes(subject)
    if queue:
        target = b"%b %b" % (target, pattern_bytes(queue))
    return b"SUB %b %d\r\n" % (target, sid)


def encode_unsubscribe(sid: int, max_messages: int = 0) -> bytes:
    """Return the bytes that end a subscription, at once or after ``max_messages`` messages since it began."""
    return b"UNSUB %d %d\r\n" % (sid, max_messages) if max_messages else b"UNSUB %d\r\n" % sid


def encode_connect(options: Mapping[str, Any]) -> bytes:
    """Return the bytes that introduce a client, see the fields of CONNECT in the protocol."""
    return b"CONNECT " + orjson.dumps(dict(options)) + CRLF
