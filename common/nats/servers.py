"""Which server to connect to next, and after how long a wait."""

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from common.nats.errors import InvalidUrlError

DEFAULT_PORT = 4222
MAX_LEARNT = 64
"""Servers that a cluster may add to the configured ones."""
ADDRESS = re.compile(r"\[?([^\[\]]+)\]?:(\d{1,5})")


@dataclass(frozen=True)
class Server:
    """Where a server listens and what to show it."""

    host: str
    port: int
    tls: bool
    tls_name: str  # the name that its certificate has to have
    ca: str  # the file with the authorities that may sign it; empty: those of the system
    credentials: dict[str, str] = field(default_factory=dict, repr=False, compare=False, hash=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_url(url: str) -> Server:
    """Read ``nats://`` or ``tls://``, then ``[user:password@|token@]host[:port]``, with tls ``?ca=FILE`` too.

    Raises InvalidUrlError.
    """
    try:
        parts = urlsplit(url)
        port = DEFAULT_PORT if parts.port is None else parts.port
    except ValueError:
        raise InvalidUrlError("the URL of a NATS server is malformed") from None
    if parts.scheme not in {"nats", "tls"} or not parts.hostname:
        raise InvalidUrlError("the URL of a NATS server starts with nats:// or tls:// and has a host")
    ca = parts.query.removeprefix("ca=") if parts.scheme == "tls" else ""
    if parts.path.strip("/") or parts.fragment or parts.query != (f"ca={ca}" if ca else ""):
        raise InvalidUrlError(f"the URL of NATS server {parts.hostname} has more than a host and a port")
    credentials = _credentials(parts.username, parts.password)
    return Server(parts.hostname, port, parts.scheme == "tls", parts.hostname, unquote(ca), credentials)


def _credentials(user: str | None, password: str | None) -> dict[str, str]:
    if user and password is not None:
        return {"user": unquote(user), "pass": unquote(password)}
    return {"auth_token": unquote(user)} if user else {}


class ServerPool:
    """The configured servers and those that they tell of, each tried in its turn."""

    def __init__(self, urls: Iterable[str]) -> None:
        """Raises InvalidUrlError."""
        self._configured = [parse_url(url) for url in urls]
        if not self._configured:
            raise InvalidUrlError("no URL of a NATS server is given")
        self._turns = deque(dict.fromkeys(self._configured))

    def __len__(self) -> int:
        return len(self._turns)

    def next(self) -> Server:
        """Return the server whose turn it is; it becomes the last one."""
        server = self._turns.popleft()
        self._turns.append(server)
        return server

    def learn(self, addresses: Any, origin: Server) -> None:
        """Take the ``connect_urls`` of INFO; they replace those learnt before. What is no address is passed over."""
        found = addresses[:MAX_LEARNT] if isinstance(addresses, list) else []
        learnt = [_learnt(address, origin) for address in found if isinstance(address, str)]
        known = {(server.host, server.port): server for server in [*filter(None, learnt), *self._configured]}
        kept = [server for server in self._turns if server == origin or (server.host, server.port) in known]
        there = {(server.host, server.port) for server in kept}
        self._turns = deque([*(server for at, server in known.items() if at not in there), *kept])


def _learnt(address: str, origin: Server) -> Server | None:
    match = ADDRESS.fullmatch(address)
    return replace(origin, host=match[1], port=int(match[2])) if match else None


class Backoff:
    """How long to wait before the next attempt: not at all at first, then ever longer up to ``cap``, with jitter."""

    def __init__(self, *, first: float, cap: float, random: Callable[[], float]) -> None:
        """``first`` and ``cap`` are seconds; ``random`` returns numbers from 0 up to 1."""
        self._first = first
        self._cap = cap
        self._random = random
        self._failures = 0

    def reset(self) -> None:
        """The connection was good: begin anew."""
        self._failures = 0

    def next(self, servers: int) -> float:
        """Return seconds to wait after a failure. Each of ``servers`` servers gets one attempt without a wait."""
        self._failures += 1
        if self._failures <= servers:
            return 0.0
        delay = min(self._cap, self._first * 2.0 ** min(self._failures - servers - 1, 30))
        return delay * (0.5 + self._random() / 2)
