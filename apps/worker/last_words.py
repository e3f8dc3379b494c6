"""Says something of which only the last word counts, in a stream that keeps one message of each subject.

A word that comes late must not take the place of a later one. So the last word is read first, and the stream takes the
next one only if that was still the last: however many speak at once, and whoever is slow, what stands there in the end
is the latest of all that was said. Those who only listen may hear an older word yet; they go by the times too.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from common.nats.errors import NATSError
from common.nats.jetstream import AlreadyStoredError, JetStream

TRIES = 10  # then it stays in the outbox for a while


class CrowdedError(NATSError):  # type: ignore[misc]  # pynats2 has no type hints
    """Others were faster again and again."""


def say(jetstream: JetStream, stream: str, subject: str, word: Mapping[str, Any]) -> bool:
    """Store a word; False when one with the same ``time`` or a later one is there. Raises NATSError."""
    time = word.get("time", "")
    for _ in range(TRIES):
        last = jetstream.last(stream, subject)
        if last is not None and time_of(last.payload) >= time:
            return False
        try:
            jetstream.store_after(0 if last is None else last.number, subject, orjson.dumps(word))
        except AlreadyStoredError:
            continue
        return True
    raise CrowdedError(f"others speak on {subject} all the time")


def time_of(payload: bytes) -> str:
    """Return the time of a word; empty where it has none."""
    try:
        time = orjson.loads(payload)["time"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return time if isinstance(time, str) else ""
