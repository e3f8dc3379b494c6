"""Messages of streams, as JetStream gives them out. Pure."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from common.nats.errors import JetStreamError
from common.nats.message import Message

NANOSECONDS = 1_000_000_000
AUTHOR = "Author"
"""Header with the id of who a message is from."""
COPIED = "Nats-Sequence"
"""Header with the number that a message has in its stream, on each copy of it."""


@dataclass(frozen=True)
class Stored:
    """A message of a stream. ``reply`` acknowledges it, where a consumer got it."""

    subject: str
    payload: bytes
    number: int
    time: int
    """When the stream got it, in nanoseconds since 1970; 0 where that was not asked for."""
    reply: str = ""
    author: str = ""
    """What the header AUTHOR says; empty without one."""


def fetched(message: Message) -> Stored:
    """Return what a consumer gave out; its reply subject tells number and time, in one of two forms."""
    if COPIED in message.headers:
        return replace(direct(message, times=True), reply=message.reply)
    words = message.reply.split(".")
    first = 7 if len(words) >= 11 else 5
    try:
        number, time = int(words[first]), int(words[first + 2])
    except (IndexError, ValueError):
        raise JetStreamError("a message of a consumer has no number") from None
    return Stored(message.subject, message.payload, number, time, message.reply, message.headers.get(AUTHOR, ""))


def direct(message: Message, *, times: bool) -> Stored:
    """Return a message that was read by its number; its headers tell what it is."""
    headers = message.headers
    try:
        time = nanoseconds(headers["Nats-Time-Stamp"]) if times else 0
        return Stored(headers["Nats-Subject"], message.payload, int(headers[COPIED]), time,
                      author=headers.get(AUTHOR, ""))
    except (KeyError, ValueError):
        raise JetStreamError("a message of a stream has no number or time") from None


def nanoseconds(text: str) -> int:
    """Return the nanoseconds since 1970 of ``2026-01-31T23:59:59.123456789Z``, whose last zeros are left out."""
    whole, _, part = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(whole + "+00:00").timestamp()) * NANOSECONDS + int(part.ljust(9, "0")[:9])


def text(time: int) -> str:
    """Return the opposite of ``nanoseconds``."""
    seconds, part = divmod(time, NANOSECONDS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{part:09}Z"
