"""A message of the chat as a line of the log, and the file where it belongs. Pure."""

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from common import subjects
from common.nats.jetstream import Stored

NAME_LIMIT = 200  # bytes of a folder's name; file systems take 255
UNNAMED = "=="  # no encoded name has this


class Entry(NamedTuple):
    """A line without its end, which file it goes to (relative, with ``/``), and the number of its message."""

    file: str
    number: int
    line: bytes


def entry(message: Stored) -> Entry:
    """Return the entry of a message on ``chat.<world>.<channel>[.<name>]`` with the payload ``<game name>:<text>``.

    ::

        {"number": 17, "time": "2026-01-31T23:59:59.123Z", "world": "s1", "channel": "family", "name": "Red",
         "from": "Ada", "text": "hello"}

    ``number`` is the one in the stream: it grows, and comes once. ``name`` is empty for ``public`` and ``system``.
    """
    _, world, channel, name = [*message.subject.split(".", 3), "", "", ""][:4]
    moment = datetime.fromtimestamp(message.time // 1_000_000 / 1000, UTC)
    sender, colon, text = message.payload.decode(errors="replace").partition(":")
    if not colon:
        sender, text = "", sender
    line = orjson.dumps({
        "number": message.number, "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "world": _decoded(world), "channel": channel, "name": _decoded(name), "from": sender, "text": text})
    return Entry(f"{folder(world)}/{moment:%Y-%m-%d}.jsonl.gz", message.number, line)


def folder(token: str) -> str:
    """Return a world's folder: its subject token, made safe for a file system whoever published to it."""
    name = subjects.encode(_decoded(token)) if token else UNNAMED
    return name if len(name) <= NAME_LIMIT else UNNAMED + hashlib.sha256(name.encode()).hexdigest()




def _decoded(token: str) -> str:
    try:
        return subjects.decode(token)
    except UnicodeError:
        return token
