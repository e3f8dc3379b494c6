"""Speaks to a gate: one JSON line there, one back."""

import json
import secrets
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

from common.lines import CRLF, LineReader, LineTimeoutError, LineTooLongError

ANSWER_LIMIT = 4 * 1024 * 1024
BUSY, TIMED_OUT = -3, -2
TRIES = 5


class NoAnswerError(Exception):
    """The gate did not answer, in all tries."""


@dataclass(frozen=True)
class Address:
    """Where a server listens; with ``tls`` its certificate is checked against ``authority`` or the system's."""

    host: str
    port: int
    tls: bool = False
    authority: str = ""

    @classmethod
    def parse(cls, text: str, *, tls: bool = False, authority: str = "") -> "Address":
        """Read ``host:port``. Raises ValueError."""
        host, separator, port = text.rpartition(":")
        if not separator or not port.isdigit():
            raise ValueError(f"{text!r} is not host:port")
        return cls(host, int(port), tls, authority)

    def connect(self, seconds: float) -> socket.socket:
        """Open a connection. Raises OSError."""
        peer = socket.create_connection((self.host, self.port), seconds)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.tls:
            return peer
        context = ssl.create_default_context(cafile=self.authority or None)
        return context.wrap_socket(peer, server_hostname=self.host)


class Gate:
    """Calls functions, each on a connection of its own; repeats what got no answer under the same request id."""

    def __init__(self, addresses: list[Address], seconds: float = 15.0) -> None:
        """``seconds`` limits one try; the tries go round the ``addresses``."""
        self._addresses = addresses
        self._seconds = seconds

    def call(self, function: str, data: dict[str, Any], world: str = "", request_id: str | None = None) -> Any:
        """Return the answer. Raises NoAnswerError.

        The request id makes a repeat safe: what the first try did is not done again.
        """
        body = {"function": function, "world": world, "data": data, "request_id": request_id or secrets.token_hex(16)}
        line = json.dumps(body, ensure_ascii=False).encode()
        reason = ""
        for attempt in range(TRIES):
            try:
                answer = json.loads(self._exchange(self._addresses[attempt % len(self._addresses)], line))
            except (OSError, ValueError, LineTimeoutError, LineTooLongError) as error:
                reason = str(error) or type(error).__name__
                time.sleep(min(0.1 * 2**attempt, 1.0))
                continue
            if not isinstance(answer, dict) or answer["status"] not in (BUSY, TIMED_OUT):
                return answer
            reason = answer["message"]
            time.sleep(answer.get("retry_after", 0.1))
        raise NoAnswerError(f"no answer to {function}: {reason}")

    def _exchange(self, address: Address, line: bytes) -> bytes:
        with address.connect(self._seconds) as peer:
            peer.sendall(line + CRLF)
            answer = LineReader(peer, ANSWER_LIMIT).read(self._seconds)
        if answer is None:
            raise ConnectionError("the gate closed without an answer")
        return answer
