"""JetStream by its JSON API: streams, durable consumers that are asked for messages, and reading by number.

The API: https://docs.nats.io/reference/reference-protocols/nats_api_reference
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from common.nats import stored
from common.nats.client import Client
from common.nats.errors import JetStreamError
from common.nats.replies import ask
from common.nats.stored import NANOSECONDS, Stored

API = "$JS.API"
NAME_TAKEN = 10058  # the stream exists with another configuration
NO_STORAGE = 10047  # also for a stream that exists: the server counts what it reserves a second time
NO_CONSUMER = 10014
NO_STREAM = 10059
NOT_THE_LAST = 10071  # the last message of the subject is another one
EXPECTED_LAST = "Nats-Expected-Last-Subject-Sequence"
MESSAGE_ID = "Nats-Msg-Id"
ACKNOWLEDGE = b"+ACK"


class AlreadyStoredError(JetStreamError):
    """The stream has a later message of this subject than was expected."""


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
    window: float = 0
    """Seconds for which a message that comes again with its id is recognised; 0 is what the server thinks fit."""
    copies: str = ""
    """Below this each message is published once more when it is stored, with number and time in its headers."""

    def config(self) -> dict[str, Any]:
        """Return the fields of the API."""
        fields = {
            "name": self.name, "subjects": list(self.subjects), "retention": "limits", "discard": "old",
            "storage": "file", "max_age": int(self.seconds * NANOSECONDS), "max_msgs": self.messages or -1,
            "max_msgs_per_subject": self.messages_of_subject or -1, "max_bytes": self.size or -1,
            "num_replicas": self.replicas, "allow_direct": True,
            "duplicate_window": int(min(self.window, self.seconds or self.window) * NANOSECONDS),
        }
        copies = {"src": self.subjects[0], "dest": f"{self.copies}.{self.subjects[0]}"}
        return fields | {"republish": copies} if self.copies else fields


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

    def store(self, subject: str, payload: bytes, message_id: str) -> int:
        """Publish a message; return its number once the stream has it. With the same id it is stored only once."""
        return int(self._ask(subject, payload, {MESSAGE_ID: message_id} if message_id else {})["seq"])

    def store_after(self, number: int, subject: str, payload: bytes) -> int:
        """Publish the next message of its subject after a number, 0 where it is to be the first; return its own number.

        Raises AlreadyStoredError when another one is the last by now. After a time limit it may be stored or not.
        """
        try:
            return int(self._ask(subject, payload, {EXPECTED_LAST: str(number)})["seq"])
        except JetStreamError as error:
            if error.args[1:] == (NOT_THE_LAST,):
                raise AlreadyStoredError(f"{subject} has a later message already") from None
            raise

    def store_once(self, subject: str, payload: bytes) -> int:
        """Publish the only message of its subject; return its number once the stream has it.

        Raises AlreadyStoredError. After a time limit it may be stored or not; to repeat it does no harm.
        """
        return self.store_after(0, subject, payload)

    def last(self, stream: str, subject: str) -> Stored | None:
        """Return the last message of a subject; None when there is none."""
        reply = self._client.request(f"{API}.DIRECT.GET.{stream}", payload=orjson.dumps({"last_by_subj": subject}),
                                     timeout=self._timeout)
        return None if reply.status else stored.direct(reply, times=True)

    def read(self, stream: str, subject: str, *, number: int, most: int, times: bool = False) -> list[Stored]:
        """Return up to ``most`` messages of a subject, which may have wildcards, from ``number`` on.

        Without ``times`` their times are 0.
        """
        return self._read(stream, {"seq": max(1, number), "batch": most, "next_by_subj": subject}, times=times)

    def read_since(self, stream: str, subject: str, *, time: int, most: int) -> list[Stored]:
        """Return the same, with their times, from a time on, which is in nanoseconds since 1970."""
        return self._read(stream, {"start_time": stored.text(time), "batch": most, "next_by_subj": subject}, times=True)

    def _read(self, stream: str, wanted: dict[str, Any], *, times: bool) -> list[Stored]:
        replies = ask(self._client, f"{API}.DIRECT.GET.{stream}", orjson.dumps(wanted), most=wanted["batch"] + 1,
                      seconds=self._timeout, is_last=lambda reply: bool(reply.status))
        return [stored.direct(reply, times=times) for reply in replies if not reply.status]

    def state(self, stream: str, subject: str) -> dict[str, Any]:
        """Return the state of a stream: ``first_seq``, ``last_seq``, and ``subjects`` with how many each has."""
        found = self._call(f"STREAM.INFO.{stream}", {"subjects_filter": subject})["state"]
        return dict(found)

    def _fetch(self, stream: str, consumer: str, most: int, wanted: dict[str, Any],
               seconds: float = 0) -> list[Stored]:
        replies = ask(self._client, f"{API}.CONSUMER.MSG.NEXT.{stream}.{consumer}", orjson.dumps(wanted), most=most,
                      seconds=self._timeout + seconds, is_last=lambda reply: bool(reply.status))
        return [stored.fetched(reply) for reply in replies if not reply.status]

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
