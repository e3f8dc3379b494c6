"""Keeps one connection open over all that happens to servers and networks."""

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event

from common import vital
from common.metrics import Counter, Gauge
from common.nats.dial import Dialed, Dialer
from common.nats.errors import ClientClosedError, NATSError
from common.nats.link import Link
from common.nats.outbox import Outbox
from common.nats.servers import Backoff, Server, ServerPool
from common.nats.subscriptions import Subscriptions

log = logging.getLogger(__name__)

CONNECTED = Gauge("nats_connected", "1 while connected to a NATS server", ["client"])
RECONNECTS = Counter("nats_reconnects_total", "Connections to NATS after the first one", ["client"])
DEFAULT_MAX_PAYLOAD = 1024 * 1024
"""Bytes that a NATS server takes in one message unless it says otherwise."""
SETTLED = 1.0
"""Seconds after which a connection counts as good, so that the next failure is followed by an attempt at once."""
STOP_SECONDS = 1.0


class Keeper:
    """Connects, subscribes, reconnects. Its greenlet is the reader of the connection of the moment."""

    def __init__(
        self,
        name: str,
        *,
        pool: ServerPool,
        backoff: Backoff,
        dialer: Dialer,
        outbox: Outbox,
        subscriptions: Subscriptions,
        on_reconnect: Callable[[], None] | None,
    ) -> None:
        self._name = name
        self._pool = pool
        self._backoff = backoff
        self._dialer = dialer
        self._outbox = outbox
        self._subscriptions = subscriptions
        self._on_reconnect = on_reconnect
        self._connections = 0
        self._complaints: dict[Server, str] = {}
        self._stopping = Event()
        self._up = Event()
        self._greenlet: gevent.Greenlet[..., Any] | None = None
        self.link: Link | None = None
        self.max_payload = DEFAULT_MAX_PAYLOAD

    def start(self) -> None:
        """Begin to connect, in the background; harmless when begun already."""
        if self._greenlet is None and not self._stopping.is_set():
            CONNECTED.labels(self._name).set(0)
            self._greenlet = vital.spawn(self._run)

    def stop(self) -> None:
        """End the connection and all attempts."""
        self._stopping.set()
        if self.link is not None:
            self.link.drop(ClientClosedError("closed"))
        if self._greenlet is not None and not self.is_current():
            self._greenlet.join(STOP_SECONDS)
            self._greenlet.kill()

    def is_current(self) -> bool:
        """Whether this is called by a callback, which must not wait for the reader that it runs in."""
        return self._greenlet is gevent.getcurrent()

    def wait(self, seconds: float) -> bool:
        """Wait until connected; return whether it is.

        The question comes first, because gevent's wait without need may hang: it ignores its time limit when waiters of
        before are still to be woken up, and is forgotten when the last of those gives up in that moment.
        """
        return self._up.is_set() or self._up.wait(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            server = self._pool.next()
            try:
                self._serve(self._dialer.dial(server))
            except (OSError, NATSError) as error:
                self._complain(server, f"{type(error).__name__}: {error}")
            except Exception:  # a mistake of ours must not end the connection for good
                log.exception("the connection to NATS at %s failed", server)
            self._stopping.wait(self._backoff.next(len(self._pool)))

    def _serve(self, dialed: Dialed) -> None:
        def learn(info: dict[str, Any]) -> None:
            self.max_payload = int(info.get("max_payload", self.max_payload))
            self._pool.learn(info.get("connect_urls"), dialed.server)

        learn(dialed.info)
        link = Link(dialed, outbox=self._outbox, deliver=self._subscriptions.deliver, on_info=learn)
        self._outbox.restart(self._subscriptions.frames())
        self.link = link
        begun = time.monotonic()
        try:
            self._connected(dialed.server)
            link.run()
        finally:
            if time.monotonic() - begun >= SETTLED:
                self._backoff.reset()
            self.link = None
            self._up.clear()
            CONNECTED.labels(self._name).set(0)

    def _connected(self, server: Server) -> None:
        log.info("connected to NATS at %s", server)
        self._complaints.clear()
        self._connections += 1
        CONNECTED.labels(self._name).set(1)
        self._up.set()
        if self._connections > 1:
            RECONNECTS.labels(self._name).inc()
            self._tell_reconnect()

    def _tell_reconnect(self) -> None:
        try:
            if self._on_reconnect is not None:
                self._on_reconnect()
        except (Exception, gevent.Timeout):
            log.exception("the callback for a new connection to NATS failed")

    def _complain(self, server: Server, text: str) -> None:
        """Log a failure once, not at every attempt."""
        if not self._stopping.is_set() and self._complaints.get(server) != text:
            self._complaints[server] = text
            log.warning("no connection to NATS at %s: %s", server, text)
