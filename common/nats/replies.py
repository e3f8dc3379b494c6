"""Requests that are answered by many messages, the last of which has a status."""

import secrets
from collections.abc import Callable

from gevent.queue import Empty, Queue

from common.nats.client import Client
from common.nats.errors import NATSRequestTimeoutError, NoRespondersError
from common.nats.message import NO_RESPONDERS, Message


def ask(client: Client, subject: str, payload: bytes, *, most: int, seconds: float,
        is_last: Callable[[Message], bool]) -> list[Message]:
    """Publish a request and return its replies in order: up to ``most``, or up to the last, which is one of them.

    ``seconds`` is the longest wait for each reply. Raises NATSRequestTimeoutError when the next one does not come,
    NoRespondersError when nobody listens there, and what ``publish`` raises. What came before is lost then.
    """
    inbox = f"_INBOX.{secrets.token_hex(11)}"  # nobody else can guess it and reply
    arrived: Queue[Message] = Queue()
    subscription = client.subscribe(inbox, callback=arrived.put_nowait)
    try:
        client.publish(subject, payload=payload, reply=inbox)
        return _collect(arrived, subject, most, seconds, is_last)
    finally:
        client.unsubscribe(subscription)


def _collect(arrived: "Queue[Message]", subject: str, most: int, seconds: float,
             is_last: Callable[[Message], bool]) -> list[Message]:
    found: list[Message] = []
    while len(found) < most:
        try:
            message = arrived.get(timeout=seconds)
        except Empty:
            raise NATSRequestTimeoutError(f"no reply on {subject} within {seconds} s") from None
        if message.status == NO_RESPONDERS:
            raise NoRespondersError(f"nobody listens on {subject}")
        found.append(message)
        if is_last(message):
            break
    return found
