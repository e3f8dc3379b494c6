"""Lines of the chat protocol: a command, left-padded with ``0`` to ten characters, then an optional payload.

Pure: bytes in, commands out. The line end CRLF belongs to the socket's reader and to ``encode``.
"""

import re
from enum import Enum
from typing import NamedTuple

WIDTH = 10
CRLF = b"\r\n"
CONTROL_CHARACTER = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class CommandError(ValueError):
    """A line that is no command of this protocol, or a text that may not be sent on."""


class Name(Enum):
    """The commands, as they stand on the wire."""

    OK = b"00000000OK"
    REGISTER = b"00REGISTER"
    PUBLIC = b"0000PUBLIC"
    FAMILY = b"0000FAMILY"
    EXIT = b"000000EXIT"
    MESSAGE = b"000MESSAGE"
    PRIVATE = b"000PRIVATE"
    GAP = b"0000000GAP"
    NOTICE = b"0000NOTICE"
    POSITION = b"00POSITION"
    ONLINE = b"0000ONLINE"
    REPORT = b"0000REPORT"


class Command(NamedTuple):
    """A decoded line."""

    name: Name
    payload: bytes


EXTENDED = frozenset({Name.PRIVATE, Name.ONLINE, Name.REPORT})
"""Commands of clients that asked for the extension at REGISTER."""
FROM_CLIENT = {name.value: name for name in (Name.REGISTER, Name.PUBLIC, Name.FAMILY, Name.EXIT, *EXTENDED)}


def decode(line: bytes, *, extended: bool = False) -> Command:
    """Return the command of a client's line (without CRLF). Raises CommandError."""
    name = FROM_CLIENT.get(line[:WIDTH])
    if name is None or (name in EXTENDED and not extended):
        raise CommandError("unknown command")
    return Command(name, line[WIDTH:])


def encode(name: Name, payload: bytes = b"") -> bytes:
    """Return the whole line of a command, with CRLF."""
    return name.value + payload + CRLF


def check_text(text: bytes, limit: int) -> None:
    """Raise CommandError unless ``text`` is UTF-8 without control characters and has at most ``limit`` bytes."""
    if len(text) > limit:
        raise CommandError("the text is too long")
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        raise CommandError("the text is not UTF-8") from None
    if CONTROL_CHARACTER.search(decoded):
        raise CommandError("the text has a control character")


def is_one_line(payload: bytes) -> bool:
    """Whether a payload that came over NATS stays one line on a client's connection."""
    return b"\r" not in payload and b"\n" not in payload
