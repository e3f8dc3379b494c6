"""Replies to the requests of all greenlets, over one subscription."""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from gevent.event import AsyncResult

from common.nats.message import Message


class Inbox:
    """Knows which greenlet waits for which reply. A reply that nobody waits for any more is dropped."""

    def __init__(self) -> None:
        self._prefix = f"_INBOX.{secrets.token_hex(11)}."  # nobody else can guess it and reply
        self._numbers = itertools.count(1)
        self._waiting: dict[str, AsyncResult[Message]] = {}

    @property
    def subject(self) -> str:
        """What to subscribe to."""
        return f"{self._prefix}*"

    @contextmanager
    def expect(self) -> Iterator[tuple[str, "AsyncResult[Message]"]]:
        """Give the reply subject of one request and the place where its first reply will be."""
        reply = f"{self._prefix}{next(self._numbers)}"
        slot: AsyncResult[Message] = AsyncResult()
        self._waiting[reply] = slot
        try:
            yield reply, slot
        finally:
            self._waiting.pop(reply, None)

    def deliver(self, message: Message) -> None:
        """Hand a reply to the greenlet that waits for it."""
        slot = self._waiting.pop(message.subject, None)
        if slot is not None:
            slot.set(message)

    def fail(self, error: Exception) -> None:
        """Tell every waiting greenlet that no reply will come."""
        for slot in self._waiting.values():
            slot.set_exception(error)
        self._waiting.clear()
