"""The way of a request: note in Redis who waits, publish the job, wait for the answer."""

import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import Protocol

import redis
from gevent.event import AsyncResult

from apps.gate.counts import REFUSED, REQUESTS
from apps.gate.pending import Outcome, PendingAnswers, PendingFullError, Result
from apps.gate.registration import Registration
from common import frames, keys, logs
from common.answers import Status, busy, platform
from common.nats.errors import NATSError
from common.nats.message import NO_RESPONDERS, Message

log = logging.getLogger(__name__)

MESSAGE_KEY_SECONDS = 10
"""How long Redis knows the gate of a message. A worker that finds the key gone drops the job."""

TIMED_OUT_ANSWER = platform(Status.TIMED_OUT, "request timed out")


class ClientGoneError(Exception):
    """The client's connection was reset while its request waited."""


class Jobs(Protocol):
    """Where jobs are published: what is used here of the NATS client."""

    @property
    def connected(self) -> bool: ...

    def publish(self, subject: str, *, payload: bytes = b"", reply: str = "") -> None: ...


class Dispatcher:
    """Gets the answer of each request from any worker."""

    def __init__(self, *, redis_client: redis.Redis, nats: Jobs, registration: Registration, pending: PendingAnswers,
                 inbox: str, subject: str, retry_after: float, random_hex: Callable[[int], str]) -> None:
        """``inbox`` is the start of the subjects under which it is told that a job was not taken; see ``not_taken``."""
        self._redis = redis_client
        self._nats = nats
        self._registration = registration
        self._pending = pending
        self._inbox = inbox
        self._subject = subject
        self._busy_answer = busy(retry_after)
        self._random_hex = random_hex

    def answer(self, line: bytes, peer: socket.socket) -> bytes:
        """Return the answer line for a checked request line, both without CRLF. Raises ClientGoneError.

        ``peer`` is not read from, only looked at now and then to see whether it was reset.
        """
        message_id = frames.new_message_id(self._random_hex)
        logs.message_id.set(message_id)
        if not self._nats.connected:
            return self._busy("nats")
        if not self._registration.registered:  # a worker could not find the way back
            return self._busy("registration")
        try:
            waiting = self._pending.add(message_id, partial(reset_error, peer))
        except PendingFullError:
            return self._busy("pending")
        try:
            return self._exchange(message_id, line, waiting)
        finally:
            self._pending.forget(message_id)

    def not_taken(self, message: Message) -> None:
        """Handle a message under the inbox: NATS had no subscriber for a job, or a worker refused it with an answer."""
        message_id = message.subject.rpartition(".")[2]
        if message.status == NO_RESPONDERS:
            self._pending.resolve(message_id, Outcome.NO_WORKER)
        else:
            self._pending.turn_back(message_id, message.payload)

    def _exchange(self, message_id: str, line: bytes, waiting: "AsyncResult[Result]") -> bytes:
        try:
            self._redis.execute_command(  # type: ignore[no-untyped-call]  # cheaper than set
                "SET", keys.message(message_id), self._registration.gate_id, "EX", MESSAGE_KEY_SECONDS)
        except redis.RedisError as error:
            return self._busy("redis", error)
        try:
            self._nats.publish(self._subject, payload=frames.encode(message_id, line),
                               reply=f"{self._inbox}.{message_id}")
        except NATSError as error:
            return self._busy("nats", error)
        result = waiting.get()
        if isinstance(result, bytes):
            REQUESTS["answered"].inc()
            return result
        return self._without_answer(message_id, result)

    def _without_answer(self, message_id: str, outcome: Outcome | None) -> bytes:
        if outcome is Outcome.CLIENT_GONE:
            REQUESTS["gone"].inc()
            self._withdraw(message_id)
            raise ClientGoneError
        if outcome is Outcome.NO_WORKER:
            return self._busy("no_worker")
        REQUESTS["timed_out"].inc()
        return TIMED_OUT_ANSWER

    def _withdraw(self, message_id: str) -> None:
        """Let a worker that has not taken the job yet drop it."""
        try:
            self._redis.delete(keys.message(message_id))
        except redis.RedisError as error:
            log.debug("a job was not withdrawn: %s", error)

    def _busy(self, reason: str, error: Exception | None = None) -> bytes:
        REQUESTS["busy"].inc()
        REFUSED[reason].inc()
        log.debug("busy because of %s: %s", reason, error)
        return self._busy_answer


def reset_error(peer: socket.socket) -> int:
    """Return the error of a connection that was reset, or 0. Does not block.

    The end of the client's side (FIN) says nothing: a client may end its side after the request and still read, as
    ``nc`` does, and one that closed wholly looks the same until something is sent to it. Only a reset is sure.
    """
    return peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
