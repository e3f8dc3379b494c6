"""Listen for game clients: limits on their connections, and an orderly end."""

import logging
import socket
import ssl
from functools import partial
from time import monotonic

import gevent

from apps.gate.acceptor import Acceptor, Refuse
from apps.gate.background import Spawn
from apps.gate.congestion import Congestion
from apps.gate.connection import ClientConnection
from apps.gate.counts import REFUSED
from apps.gate.crew import Crew
from apps.gate.dispatcher import Dispatcher
from apps.gate.lingering import Lingering
from apps.gate.settings import GateSettings
from apps.gate.shares import Shares
from apps.gate.strain import Strain
from apps.gate.tls_refusals import RefusalLimits, TlsRefusals
from apps.gate.turned_away import TurnedAway
from common.answers import busy
from common.connection_limits import ConnectionLimits
from common.metrics import Gauge

log = logging.getLogger(__name__)

CONNECTIONS = Gauge("gate_connections", "Connections of clients")

GRACE_SECONDS = 0.25
"""At the end: time for the request of a client that has just connected to arrive."""
STOP_INTERVAL = 0.01
"""Seconds between two looks whether all connections have ended."""


class ClientServer:
    """Serves game clients from start to stop."""

    def __init__(self, *, settings: GateSettings, dispatcher: Dispatcher, congestion: Congestion, shares: Shares,
                 tls: ssl.SSLContext | None, spawn: Spawn) -> None:
        self._settings = settings
        self._congestion = congestion
        self._shares = shares
        self._dispatcher = dispatcher
        self._tls = tls
        self._limits = ConnectionLimits(total=settings.max_connections,
                                        per_address=settings.max_connections_per_address)
        self._lingering = Lingering(settings.close_seconds, spawn=spawn)
        crew = Crew()
        self._acceptor = Acceptor(settings.host, settings.client_port, partial(crew.run, self._handle),
                                  admit=self._admit, refuse=self._refusal(crew), backlog=settings.backlog, spawn=spawn)
        self._connections: set[ClientConnection] = set()
        self._strain = Strain(limit=settings.lag_seconds, spawn=spawn)
        self._starting = 0  # admitted, but their greenlets had no turn yet
        self._ending = False

    @property
    def port(self) -> int:
        """The port that clients connect to, after start."""
        return self._acceptor.port

    def start(self) -> None:
        CONNECTIONS.set_function(self._limits.__len__)
        self._strain.start()
        self._lingering.start()
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
        self._lingering.stop()
        self._strain.stop()

    def _refusal(self, crew: Crew) -> Refuse:
        """Return what turns connections away."""
        settings, answer = self._settings, busy(self._settings.retry_after)
        if self._tls is None:
            return TurnedAway(answer, self._lingering).take
        limits = RefusalLimits(rate=settings.tls_refusals, at_once=settings.tls_refusals_at_once,
                               seconds=settings.tls_refusal_seconds, close_seconds=settings.close_seconds)
        return TlsRefusals(answer, self._tls, limits, run=crew.run).take

    def _wait_for_connections(self, seconds: float) -> None:
        deadline = monotonic() + seconds
        while self._connections and monotonic() < deadline:
            gevent.sleep(STOP_INTERVAL)

    def _admit(self, address: str) -> bool:
        """Look at what is the address's own first: what it has too much of is its own, and refused to nobody else."""
        reason = (self._limits.lack_of(address) or self._shares.refusal(address) or self._overload()
                  or self._limits.admit(address))
        if reason:
            REFUSED[reason].inc()
        else:
            self._shares.count(address)
            self._starting += 1
        return not reason

    def _overload(self) -> str:
        """Return why this gate has enough to do, or "". Who is admitted has a request sooner or later."""
        return "strain" if self._strain.is_high else self._crowd()

    def _crowd(self) -> str:
        """Return why a request would wait too long, or "": whether its connection is new or was kept."""
        return "" if self._congestion.has_room_for(self._starting + 1) else "pending"

    def _handle(self, peer: socket.socket, address: str) -> None:
        self._starting -= 1
        connection = ClientConnection(
            peer, settings=self._settings, dispatcher=self._dispatcher, tls=self._tls, ending=self._is_ending,
            visitor=self._shares.visitor(address, self._crowd), linger=self._lingering.keep)
        self._connections.add(connection)
        try:
            connection.serve()
        finally:
            self._connections.discard(connection)
            self._limits.leave(address)

    def _is_ending(self) -> bool:
        return self._ending
