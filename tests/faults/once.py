"""One try of a request, without the repeats of the client library."""

import json
import secrets
from collections.abc import Sequence
from typing import Any

from apps.client.gate import ANSWER_LIMIT, Address, Gate
from common.lines import CRLF, LineReader


class UnreachedError(Exception):
    """Nobody took the connection, so nothing was asked."""


class Once(Gate):
    """Sends each call once, on a new connection to the next gate, and keeps the answer line. Only one greenlet uses it.

    Raises UnreachedError; OSError when the connection ended without an answer; LineTimeoutError when none came in time.
    """

    def __init__(self, addresses: Sequence[Address], seconds: float) -> None:
        super().__init__(list(addresses), seconds)
        self._turn = 0
        self.address = self._addresses[0]
        self.line = b""
        self.is_waiting = False
        """Whether a request was sent to the address and has no answer yet."""

    def call(self, function: str, data: dict[str, Any], world: str = "", request_id: str | None = None) -> Any:
        """Return the answer, whatever its status."""
        self.address = self._addresses[self._turn % len(self._addresses)]
        self._turn += 1
        body = {"function": function, "world": world, "data": data, "request_id": request_id or secrets.token_hex(16)}
        self.line = self._exchange(self.address, json.dumps(body).encode())
        return json.loads(self.line)

    def _exchange(self, address: Address, line: bytes) -> bytes:
        try:
            peer = address.connect(self._seconds)
        except OSError as error:
            raise UnreachedError(str(error)) from error
        with peer:
            peer.sendall(line + CRLF)
            self.is_waiting = True
            try:
                answer = LineReader(peer, ANSWER_LIMIT).read(self._seconds)
            finally:
                self.is_waiting = False
        if answer is None:
            raise ConnectionError("the gate closed without an answer")
        return answer
