"""A message of the chat as a line of the log, and the file where it belongs. Pure."""

import hashlib
from typing import NamedTuple

import orjson

from common import chat_messages, subjects
from common.nats.stored import Stored

NAME_LIMIT = 200  # bytes of a folder's name; file systems take 255
UNNAMED = "=="  # no encoded name has this


Key = tuple[int, str]
"""Number of a message in its stream, and its time as the line has it. A stream that was made anew gives numbers a
second time, so only both together tell a message from all others."""


class Entry(NamedTuple):
    """A line without its end, which file it goes to (relative, with ``/``), and the key of its message."""

    file: str
    key: Key
    line: bytes


def entry(message: Stored) -> Entry:
    """Return the entry of a message on ``chat.<world>.<channel>[.<name>]`` with the payload ``<game name>:<text>``.

    ::

        {"number": 17, "time": "2026-01-31T23:59:59.123Z", "world": "s1", "channel": "family", "name": "Red",
         "from": "Ada", "uid": "p17...", "text": "hello"}

    ``number`` is the one in the stream: it grows until the stream is made anew. ``name`` is empty for ``public`` and
    ``system``.
    """
    _, world, channel, name = [*message.subject.split(".", 3), "", "", ""][:4]
    said = chat_messages.fields(message)
    line = orjson.dumps({
        "number": message.number, "time": said["time"], "world": decoded(world), "channel": channel,
        "name": decoded(name), "from": said["from"], "uid": said["uid"], "text": said["text"]})
    day = chat_messages.moment(message.time)
    return Entry(f"{folder(world)}/{day:%Y-%m-%d}.jsonl.gz", (message.number, str(said["time"])), line)


def folder(token: str) -> str:
    """Return a world's folder: its subject token, made safe for a file system whoever published to it."""
    name = subjects.encode(decoded(token)) if token else UNNAMED
    return name if len(name) <= NAME_LIMIT else UNNAMED + hashlib.sha256(name.encode()).hexdigest()


def decoded(token: str) -> str:
    """Return the name that a subject token stands for; of what is no such token, the token itself."""
    try:
        return subjects.decode(token)
    except UnicodeError:
        return token
