"""From an address to a connection that a NATS server has accepted."""

import socket
import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import gevent

from common.nats.codec import PING, Event, Info, Parser, Refusal, Signal, encode_connect
from common.nats.errors import ConnectionLostError, NotConnectedError, ProtocolError, TlsMissingError, TlsRequiredError
from common.nats.servers import Server

CHUNK = 64 * 1024


@dataclass(frozen=True)
class Dialed:
    """An accepted connection: its socket (with a time limit), the parser of what comes, what the server told."""

    server: Server
    sock: socket.socket
    parser: Parser
    info: dict[str, Any]


@dataclass(frozen=True)
class Dialer:
    """Makes connections, each within ``timeout`` seconds from looking up the name to the server's consent."""

    name: str
    timeout: float
    tls: ssl.SSLContext | None

    def dial(self, server: Server) -> Dialed:
        """Connect. Raises OSError (which TimeoutError and ssl.SSLError are) and NATSError."""
        limit = gevent.Timeout(self.timeout)
        try:
            with limit:
                return self._dial(server)
        except gevent.Timeout as caught:
            if caught is not limit:
                raise
            raise TimeoutError(f"not connected within {self.timeout} s") from None

    def _dial(self, server: Server) -> Dialed:
        with ExitStack() as on_failure:
            sock = socket.create_connection((server.host, server.port), timeout=self.timeout)
            on_failure.callback(sock.close)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            parser = Parser()
            info = _hello(sock, parser)
            if _needs_tls(server, info, parser):
                sock = self._wrap(sock, server)
                on_failure.callback(sock.close)
                sock.do_handshake()
            sock.sendall(encode_connect(self._introduction(server)) + PING)
            info |= _consent(sock, parser)
            on_failure.pop_all()
            return Dialed(server, sock, parser, info)

    def _wrap(self, sock: socket.socket, server: Server) -> ssl.SSLSocket:
        context = self.tls or ssl.create_default_context(cafile=server.ca or None)
        return context.wrap_socket(sock, server_hostname=server.tls_name, do_handshake_on_connect=False)

    def _introduction(self, server: Server) -> dict[str, Any]:
        fixed = {"lang": "python", "version": "1", "protocol": 1, "verbose": False, "pedantic": False}
        wishes = {"headers": True, "no_responders": True, "tls_required": server.tls}
        return {"name": self.name, **fixed, **wishes, **server.credentials}


def _read(sock: socket.socket, parser: Parser) -> list[Event]:
    data = sock.recv(CHUNK)
    if not data:
        raise ConnectionLostError("closed by the server")
    events = list(parser.feed(data))
    for event in events:
        if isinstance(event, Refusal):
            raise NotConnectedError(f"refused by the server: {event.text}")
    return events


def _hello(sock: socket.socket, parser: Parser) -> dict[str, Any]:
    while not (events := _read(sock, parser)):
        pass
    if not isinstance(events[0], Info):
        raise ProtocolError("the server does not begin with INFO")
    return events[0].fields


def _needs_tls(server: Server, info: dict[str, Any], parser: Parser) -> bool:
    if not server.tls:
        if info.get("tls_required"):
            raise TlsRequiredError("the server wants TLS: its URL has to begin with tls://")
        return False
    if not (info.get("tls_required") or info.get("tls_available")):
        raise TlsMissingError("the server has no TLS, which its URL asks for")
    if not parser.empty:
        raise ProtocolError("the server sent plain text where TLS begins")
    return True


def _consent(sock: socket.socket, parser: Parser) -> dict[str, Any]:
    """Wait for the answer to the first PING; return what the server told meanwhile."""
    told: dict[str, Any] = {}
    while True:
        for event in (events := _read(sock, parser)):
            if isinstance(event, Info):
                told |= event.fields
        if Signal.PONG in events:
            return told
