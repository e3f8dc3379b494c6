"""JetStream by its JSON API: streams, durable consumers that are asked for messages, and reading by number.

The API: https://docs.nats.io/reference/reference-protocols/nats_api_reference
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from common.nats.client import Client
from common.nats.errors import NATSError
from common.nats.message import Message
from common.nats.replies import ask

API = "$JS.API"
NANOSECONDS = 1_000_000_000
NAME_TAKEN = 10058  # the stream exists with another configuration
NO_STORAGE = 10047  # also for a stream that exists: the server counts what it reserves a second time
NO_CONSUMER = 10014
NO_STREAM = 10059
NOT_THE_FIRST = 10071  # the stream has a message of this subject
ONLY_THE_FIRST = {"Nats-Expected-Last-Subject-Sequence": "0"}
ACKNOWLEDGE = b"+ACK"
AUTHOR = "Author"
"""Header with the id of who a message is from."""
COPIED = "Nats-Sequence"
"""Header with the number that a message has in its stream, on each copy of it."""


class JetStreamError(NATSError):  # type: ignore[misc]  # pynats2 has no type hints
    """JetStream refused a request, or answered what cannot be read."""


class AlreadyStoredError(JetStreamError):
    """The stream has a message of this subject, and was to have one only."""


@dataclass(frozen=True)
class Stream:
    """What a stream keeps and for how long; 0 is no limit. ``seconds`` is the age, ``size`` is in bytes."""

    name: str
    subjects: tuple[str, ...]
    seconds: float = 0
    messages: int = 0
    messages_of_subject: int = 0
    size: int = 0
    replicas: int = 1
    copies: str = ""
    """Below this each message is published once more when it is stored, with number and time in its headers."""

    def config(self) -> dict[str, Any]:
        """Return the fields of the API."""
        fields = {
            "name": self.name, "subjects": list(self.subjects), "retention": "limits", "discard": "old",
            "storage": "file", "max_age": int(self.seconds * NANOSECONDS), "max_msgs": self.messages or -1,
            "max_msgs_per_subject": self.messages_of_subject or -1, "max_bytes": self.size or -1,
            "num_replicas": self.replicas, "allow_direct": True, "duplicate_window": 0,
        }
        copies = {"src": self.subjects[0], "dest": f"{self.copies}.{self.subjects[0]}"}
        return fields | {"republish": copies} if self.copies else fields


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


class JetStream:
    """The requests that services need. Each raises JetStreamError, and what ``Client.request`` raises."""

    def __init__(self, client: Client, timeout: float) -> None:
        """``timeout`` is the seconds for an answer."""
        self._client = client
        self._timeout = timeout

    def keep(self, stream: Stream) -> None:
        """Make the stream, or change it to this; harmless when it is so already."""
        try:
            self._call(f"STREAM.CREATE.{stream.name}", stream.config())
        except JetStreamError as error:
            if error.args[1:] not in ((NAME_TAKEN,), (NO_STORAGE,)):
                raise
            self._update(stream, error)

    def _update(self, stream: Stream, reason: JetStreamError) -> None:
        try:
            self._call(f"STREAM.UPDATE.{stream.name}", stream.config())
        except JetStreamError as error:
            raise reason if error.args[1:] == (NO_STREAM,) else error from None

    def delete(self, stream: str) -> None:
        """Remove a stream with all that it holds; harmless when there is none."""
        try:
            self._call(f"STREAM.DELETE.{stream}", {})
        except JetStreamError as error:
            if error.args[1:] != (NO_STREAM,):
                raise

    def add_consumer(self, stream: str, name: str, *, pending: int, wait: float) -> None:
        """Make a durable consumer of a whole stream, from its first message on; harmless when there is one.

        At most ``pending`` messages are out without an acknowledgement; one that is not acknowledged within ``wait``
        seconds is given out again.
        """
        config = {"durable_name": name, "ack_policy": "explicit", "deliver_policy": "all",
                  "max_ack_pending": pending, "ack_wait": int(wait * NANOSECONDS), "replay_policy": "instant"}
        self._call(f"CONSUMER.CREATE.{stream}.{name}", {"stream_name": stream, "config": config})

    def position(self, stream: str, consumer: str) -> int | None:
        """Return the number up to which a consumer has acknowledged all; None when there is no such consumer."""
        try:
            return int(self._call(f"CONSUMER.INFO.{stream}.{consumer}", {})["ack_floor"]["stream_seq"])
        except JetStreamError as error:
            if error.args[1:] in ((NO_CONSUMER,), (NO_STREAM,)):
                return None
            raise

    def remove_consumer(self, stream: str, consumer: str) -> None:
        """Forget where a consumer stands; harmless when there is none."""
        try:
            self._call(f"CONSUMER.DELETE.{stream}.{consumer}", {})
        except JetStreamError as error:
            if error.args[1:] not in ((NO_CONSUMER,), (NO_STREAM,)):
                raise

    def fetch(self, stream: str, consumer: str, *, most: int, seconds: float) -> list[Stored]:
        """Return up to ``most`` messages: what is there, or the first to come within ``seconds``.

        One that is the copy of another stream's message has that one's subject, number and time.
        """
        wait = {"batch": most, "no_wait": True}
        found = self._fetch(stream, consumer, most, wait)
        if found or not seconds:
            return found
        return self._fetch(stream, consumer, 1, {"batch": 1, "expires": int(seconds * NANOSECONDS)}, seconds)

    def acknowledge(self, message: Stored) -> None:
        """Say that a fetched message need not be given out again; never waits."""
        self._client.publish(message.reply, payload=ACKNOWLEDGE)

    def pending(self, stream: str, consumer: str) -> int:
        """Return how many messages a consumer has not acknowledged, given out or not."""
        info = self._call(f"CONSUMER.INFO.{stream}.{consumer}", {})
        return int(info["num_pending"]) + int(info["num_ack_pending"])

    def store_once(self, subject: str, payload: bytes) -> int:
        """Publish the only message of its subject; return its number once the stream has it.

        Raises AlreadyStoredError. After a time limit it may be stored or not; to repeat it does no harm.
        """
        try:
            return int(self._ask(subject, payload, ONLY_THE_FIRST)["seq"])
        except JetStreamError as error:
            if error.args[1:] == (NOT_THE_FIRST,):
                raise AlreadyStoredError(f"{subject} is stored already") from None
            raise

    def read(self, stream: str, subject: str, *, number: int, most: int, times: bool = False) -> list[Stored]:
        """Return up to ``most`` messages of a subject, which may have wildcards, from ``number`` on.

        Without ``times`` their times are 0.
        """
        return self._read(stream, {"seq": max(1, number), "batch": most, "next_by_subj": subject}, times=times)

    def read_since(self, stream: str, subject: str, *, time: int, most: int) -> list[Stored]:
        """Return the same, with their times, from a time on, which is in nanoseconds since 1970."""
        return self._read(stream, {"start_time": _text(time), "batch": most, "next_by_subj": subject}, times=True)

    def _read(self, stream: str, wanted: dict[str, Any], *, times: bool) -> list[Stored]:
        replies = ask(self._client, f"{API}.DIRECT.GET.{stream}", orjson.dumps(wanted), most=wanted["batch"] + 1,
                      seconds=self._timeout, is_last=lambda reply: bool(reply.status))
        return [_direct(reply, times=times) for reply in replies if not reply.status]

    def state(self, stream: str, subject: str) -> dict[str, Any]:
        """Return the state of a stream: ``first_seq``, ``last_seq``, and ``subjects`` with how many each has."""
        found = self._call(f"STREAM.INFO.{stream}", {"subjects_filter": subject})["state"]
        return dict(found)

    def _fetch(self, stream: str, consumer: str, most: int, wanted: dict[str, Any],
               seconds: float = 0) -> list[Stored]:
        replies = ask(self._client, f"{API}.CONSUMER.MSG.NEXT.{stream}.{consumer}", orjson.dumps(wanted), most=most,
                      seconds=self._timeout + seconds, is_last=lambda reply: bool(reply.status))
        return [_fetched(reply) for reply in replies if not reply.status]

    def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._ask(f"{API}.{method}", orjson.dumps(body))

    def _ask(self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        reply = self._client.request(subject, payload=payload, timeout=self._timeout, headers=headers)
        try:
            answer = orjson.loads(reply.payload)
        except orjson.JSONDecodeError:
            raise JetStreamError("an answer of JetStream is not JSON") from None
        if not isinstance(answer, dict):
            raise JetStreamError("an answer of JetStream is no object")
        if "error" in answer:
            raise JetStreamError(f"{subject}: {answer['error'].get('description')}", answer["error"].get("err_code"))
        return answer


def _fetched(message: Message) -> Stored:
    """Return what a consumer gave out; its reply subject tells number and time, in one of two forms."""
    if COPIED in message.headers:
        return replace(_direct(message, times=True), reply=message.reply)
    words = message.reply.split(".")
    first = 7 if len(words) >= 11 else 5
    try:
        number, time = int(words[first]), int(words[first + 2])
    except (IndexError, ValueError):
        raise JetStreamError("a message of a consumer has no number") from None
    return Stored(message.subject, message.payload, number, time, message.reply, message.headers.get(AUTHOR, ""))


def _direct(message: Message, *, times: bool) -> Stored:
    """Return a message that was read by its number; its headers tell what it is."""
    headers = message.headers
    try:
        time = _nanoseconds(headers["Nats-Time-Stamp"]) if times else 0
        return Stored(headers["Nats-Subject"], message.payload, int(headers[COPIED]), time,
                      author=headers.get(AUTHOR, ""))
    except (KeyError, ValueError):
        raise JetStreamError("a message of a stream has no number or time") from None


def _nanoseconds(text: str) -> int:
    """Return the nanoseconds since 1970 of ``2026-01-31T23:59:59.123456789Z``, whose last zeros are left out."""
    whole, _, part = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(whole + "+00:00").timestamp()) * NANOSECONDS + int(part.ljust(9, "0")[:9])


def _text(nanoseconds: int) -> str:
    """Return the opposite of ``_nanoseconds``."""
    seconds, part = divmod(nanoseconds, NANOSECONDS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{part:09}Z"
