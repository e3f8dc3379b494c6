"""The client that services use."""

import logging
import random as randomness
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from gevent.event import AsyncResult
from pynats2 import NATSClient, NATSSubscription

from common.metrics import Gauge
from common.nats.codec import encode_publish, encode_unsubscribe
from common.nats.dial import Dialer
from common.nats.errors import (
    ClientClosedError,
    ConnectionLostError,
    NATSError,
    NATSRequestTimeoutError,
    NoRespondersError,
    NotConnectedError,
)
from common.nats.inbox import Inbox
from common.nats.keeper import Keeper
from common.nats.message import NO_RESPONDERS, Message
from common.nats.outbox import Outbox
from common.nats.servers import Backoff, ServerPool
from common.nats.subscriptions import Subscriptions, frame

log = logging.getLogger(__name__)

PENDING = Gauge("nats_pending_bytes", "Bytes that wait to be written to NATS", ["client"])
SUBSCRIPTIONS = Gauge("nats_subscriptions", "Subscriptions that have not ended", ["client"])
FIRST_WAIT = 0.05
T = TypeVar("T")


class Client(NATSClient):  # type: ignore[misc]  # pynats2 has no type hints
    """A ``pynats2.NATSClient`` with an input and output of its own, for one gevent loop.

    Callbacks run in the greenlet that reads from the server: they must not block. One that has to wait hands the
    message to a greenlet of its own.
    """

    def __init__(  # the parent's is not called: nothing of its state is used
        self,
        urls: Sequence[str],
        *,
        name: str,
        timeout: float = 2.0,
        buffer_bytes: int = 8 * 1024 * 1024,
        drain_seconds: float = 5.0,
        longest_wait: float = 0.5,
        tls: ssl.SSLContext | None = None,
        random: Callable[[], float] = randomness.random,
        on_reconnect: Callable[[], None] | None = None,
    ) -> None:
        """Raises InvalidUrlError. Nothing connects before ``start``.

        ``urls``: ``nats://`` or ``tls://``, ``[user:password@|token@]host[:port]``. ``name``: shown by the server and
        in the metrics. ``timeout``: seconds to connect, to write, and to answer; a server that is silent for twice as
        long is left. ``buffer_bytes``: how much may wait to be written. ``longest_wait``: seconds between attempts to
        connect. ``on_reconnect`` is called like a callback, after subscriptions were renewed.
        """
        self._timeout = timeout
        self._drain_seconds = drain_seconds
        self._outbox = Outbox(buffer_bytes)
        self._subscriptions = Subscriptions()
        self._inbox = Inbox()
        self._inbox_subscription: NATSSubscription | None = None
        self._closed = False
        self._keeper = Keeper(
            name,
            pool=ServerPool(urls),
            backoff=Backoff(first=FIRST_WAIT, cap=longest_wait, random=random),
            dialer=Dialer(name, timeout, tls),
            outbox=self._outbox,
            subscriptions=self._subscriptions,
            on_reconnect=on_reconnect,
        )
        PENDING.labels(name).set_function(lambda: self._outbox.pending)
        SUBSCRIPTIONS.labels(name).set_function(lambda: len(self._subscriptions))

    @property
    def connected(self) -> bool:
        """Whether a server is connected at this moment."""
        return self._keeper.link is not None

    def start(self) -> None:
        """Begin to connect; returns at once. NATS being away is no error: attempts go on. Raises ClientClosedError."""
        if self._closed:
            raise ClientClosedError("the NATS client is closed")
        self._keeper.start()

    def connect(self) -> None:
        """``start``, by the name that pynats2 gives it."""
        self.start()

    def wait_connected(self, seconds: float) -> bool:
        """Wait for a connection; return whether there is one."""
        return self._keeper.wait(seconds)

    def reconnect(self) -> None:
        """Leave the connection of the moment for a new one."""
        if self._keeper.link is not None:
            self._keeper.link.drop(ConnectionLostError("a new connection was asked for"))

    def publish(
        self, subject: str, *, payload: bytes = b"", reply: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Queue a message; never waits. While no server is there, messages wait until the buffer is full.

        Raises ValueError for an illegal subject, reply or header or a payload larger than the server takes,
        BufferFullError, ClientClosedError.
        """
        if len(payload) > self._keeper.max_payload:
            raise ValueError(f"{len(payload)} bytes of payload, the server takes {self._keeper.max_payload}")
        self._outbox.put(encode_publish(subject, payload, reply, headers))

    def subscribe(
        self, subject: str, *, callback: Callable[[Message], Any], queue: str = "", max_messages: int | None = None
    ) -> NATSSubscription:
        """Call ``callback`` with each message; of the subscribers of one ``queue``, one gets it.

        It ends by itself after ``max_messages``. Raises ValueError for an illegal subject, queue or number,
        ClientClosedError.
        """
        if self._closed:
            raise ClientClosedError("the NATS client is closed")
        subscription = self._subscriptions.add(subject, queue, callback, max_messages)
        self._command(frame(subscription))
        return subscription

    def unsubscribe(self, sub: NATSSubscription) -> None:
        """Deliver nothing more to a subscription, not even what is on its way; harmless when it has ended."""
        if sub in self._subscriptions:
            self._subscriptions.remove(sub)
            self._command(encode_unsubscribe(sub.sid))

    def auto_unsubscribe(self, sub: NATSSubscription) -> None:
        """Nothing to do: ``subscribe`` has told the server about ``max_messages``. Part of pynats2's interface."""

    def drain_subscription(self, sub: NATSSubscription, timeout: float | None = None) -> bool:
        """End a subscription after delivering what is on its way; return whether all of it came in time."""
        self._retire(sub)
        try:
            return not self.connected or self._flushed(self._timeout if timeout is None else timeout)
        finally:
            self._subscriptions.remove(sub)

    def request(
        self, subject: str, *, payload: bytes = b"", timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Message:
        """Publish a message and return the first reply to it.

        Raises NoRespondersError when nobody listens there, NATSRequestTimeoutError after ``timeout`` seconds,
        ClientClosedError, and what ``publish`` raises.
        """
        limit = self._timeout if timeout is None else timeout
        if self._inbox_subscription is None:
            self._inbox_subscription = self.subscribe(self._inbox.subject, callback=self._inbox.deliver)
        with self._inbox.expect() as (reply, slot):
            self.publish(subject, payload=payload, reply=reply, headers=headers)
            message = self._result(slot, limit, f"no reply on {subject}")
        if message.status == NO_RESPONDERS:
            raise NoRespondersError(f"nobody listens on {subject}")
        return message

    def ping(self) -> None:
        """Ask the server for a sign of life without waiting for it."""
        if self._keeper.link is not None:
            self._keeper.link.ping()

    def round_trip(self, timeout: float | None = None) -> float:
        """Return the seconds that a question to the server and its answer take.

        Raises NotConnectedError at once without a connection, NATSRequestTimeoutError, ConnectionLostError.
        """
        if self._keeper.link is None:
            raise NotConnectedError("not connected to NATS")
        begun = time.monotonic()
        limit = self._timeout if timeout is None else timeout
        self._result(self._keeper.link.ping(), limit, "no answer from NATS")
        return time.monotonic() - begun

    def flush(self, timeout: float | None = None) -> None:
        """Wait until a server has taken all that was published before. Raises what ``round_trip`` raises."""
        limit = self._timeout if timeout is None else timeout
        begun = time.monotonic()
        self._keeper.wait(limit)
        self.round_trip(max(0.0, limit - (time.monotonic() - begun)))

    def drain(self, timeout: float | None = None) -> bool:
        """End all subscriptions, deliver what is on its way, write what waits, close; return whether all of it was.

        Requests of other greenlets get their replies while this goes on.
        """
        limit = self._drain_seconds if timeout is None else timeout
        deadline = time.monotonic() + limit
        for subscription in self._subscriptions:
            if subscription is not self._inbox_subscription:
                self._retire(subscription)
        # The second time is for what callbacks published when they got the last messages.
        clean = all(self._flushed(deadline - time.monotonic()) for _ in range(2))
        if not clean:
            log.warning("NATS is left before all was done", extra={"unsent_bytes": self._outbox.pending})
        self.close()
        return clean

    def close(self) -> None:
        """End at once. Waiting greenlets get ClientClosedError; what waits to be written is lost."""
        self._closed = True
        self._outbox.close()
        self._subscriptions.clear()
        self._inbox.fail(ClientClosedError("the NATS client was closed"))
        self._keeper.stop()

    def stop(self) -> None:
        """``drain`` as a part of a process."""
        self.drain()

    def _retire(self, sub: NATSSubscription) -> None:
        if sub in self._subscriptions:
            self._subscriptions.retire(sub)
            self._command(encode_unsubscribe(sub.sid))

    def _command(self, command: bytes) -> None:
        if self.connected:  # otherwise the next connection begins with all subscriptions
            self._outbox.put_control(command)

    def _flushed(self, seconds: float) -> bool:
        if not self.connected and not self._outbox.pending:
            return True
        try:
            self.flush(max(0.0, seconds))
        except NATSError:
            return False
        return True

    def _result(self, slot: "AsyncResult[T]", seconds: float, otherwise: str) -> T:
        if self._keeper.is_current():
            raise RuntimeError("a callback of NATS must not wait for NATS: the replies come through the same greenlet")
        slot.wait(seconds)
        if not slot.ready():
            raise NATSRequestTimeoutError(f"{otherwise} within {seconds} s")
        return cast("T", slot.get())
