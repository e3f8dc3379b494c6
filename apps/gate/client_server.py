"""Listen for game clients: limits on their connections, and an orderly end."""

import logging
import socket
import ssl
from functools import partial
from time import monotonic

import gevent

from apps.gate.acceptor import Acceptor
from apps.gate.background import Spawn
from apps.gate.connection import ClientConnection
from apps.gate.counts import REFUSED
from apps.gate.dispatcher import Dispatcher
from apps.gate.settings import GateSettings
from apps.gate.strain import Strain
from common.answers import busy
from common.connection_limits import ConnectionLimits
from common.lines import CRLF, close_after_last_byte
from common.metrics import Gauge
from common.token_bucket import Rates

log = logging.getLogger(__name__)

CONNECTIONS = Gauge("gate_connections", "Connections of clients")

TURNED_AWAY_AT_ONCE = 100
"""Connections over the limit that are told so at once; any more are closed without a word."""
TURN_AWAY_SECONDS = 1.0
GRACE_SECONDS = 0.25
"""At the end: time for the request of a client that has just connected to arrive."""
STOP_INTERVAL = 0.01
"""Seconds between two looks whether all connections have ended."""


class ClientServer:
    """Serves game clients from start to stop."""

    def __init__(self, *, settings: GateSettings, dispatcher: Dispatcher, tls: ssl.SSLContext | None,
                 spawn: Spawn) -> None:
        self._settings = settings
        self._dispatcher = dispatcher
        self._tls = tls
        self._limits = ConnectionLimits(total=settings.max_connections,
                                        per_address=settings.max_connections_per_address)
        self._rates = Rates(settings.address_rate, settings.address_burst, settings.max_connections, monotonic)
        self._acceptor = Acceptor(settings.host, settings.client_port, self._handle,
                                  backlog=settings.backlog, spawn=spawn)
        self._connections: set[ClientConnection] = set()
        self._strain = Strain(limit=settings.lag_seconds, spawn=spawn)
        self._turning_away = 0
        self._ending = False

    @property
    def port(self) -> int:
        """The port that clients connect to, after start."""
        return self._acceptor.port

    def start(self) -> None:
        CONNECTIONS.set_function(self._limits.__len__)
        self._strain.start()
        self._acceptor.start()

    def stop(self) -> None:
        """Accept for the drain time, then no more; answer what was asked, close what is idle."""
        gevent.sleep(self._settings.drain_seconds)
        self._ending = True
        self._acceptor.stop()
        self._wait_for_connections(GRACE_SECONDS)
        for connection in list(self._connections):
            connection.end_if_idle()
        self._wait_for_connections(self._settings.answer_seconds + self._settings.send_seconds)
        if self._connections:
            log.warning("connections cut off at the end", extra={"count": len(self._connections)})
        self._strain.stop()

    def _wait_for_connections(self, seconds: float) -> None:
        deadline = monotonic() + seconds
        while self._connections and monotonic() < deadline:
            gevent.sleep(STOP_INTERVAL)

    def _handle(self, peer: socket.socket, address: str) -> None:
        reason = "strain" if self._strain.is_high else self._limits.admit(address)
        if reason:
            REFUSED[reason].inc()
            self._turn_away(peer)
            return
        connection = ClientConnection(
            peer, settings=self._settings, dispatcher=self._dispatcher, tls=self._tls, ending=self._is_ending,
            within_rate=partial(self._rates.take, address))
        self._connections.add(connection)
        try:
            connection.serve()
        finally:
            self._connections.discard(connection)
            self._limits.leave(address)

    def _is_ending(self) -> bool:
        return self._ending

    def _turn_away(self, peer: socket.socket) -> None:
        """Answer busy without reading a request. Not over TLS: a handshake would cost more than the request."""
        if self._tls is not None or self._turning_away >= TURNED_AWAY_AT_ONCE:
            peer.close()
            return
        self._turning_away += 1
        try:
            peer.settimeout(TURN_AWAY_SECONDS)
            peer.sendall(busy(self._settings.retry_after) + CRLF)
            close_after_last_byte(peer, TURN_AWAY_SECONDS)
        except OSError as error:
            log.debug("a client that was turned away is gone: %s", error)
        finally:
            self._turning_away -= 1
            peer.close()
