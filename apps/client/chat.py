"""Speaks to an edge: commands of ten characters, a text, and a line end."""

import socket
from contextlib import suppress

from apps.client.gate import Address
from common.lines import CRLF, LineReader

COMMAND_LENGTH = 10
LINE_LIMIT = 64 * 1024
ACCEPTED = "00000000OK"
KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""After how many seconds of silence TCP asks whether the edge is still there, how often and how many times."""


class ChatRefusedError(Exception):
    """The edge did not let this client in."""


class Chat:
    """One chat session."""

    def __init__(self, address: Address, ticket: str, seconds: float = 10.0, wishes: str = "") -> None:
        """Open a session with a ticket of ``get_login_token_chat``. Raises ChatRefusedError and OSError.

        ``wishes`` are options of the extension, each with a ``;`` before it.
        """
        self._peer = address.connect(seconds)
        self._reader = LineReader(self._peer, LINE_LIMIT)
        try:
            _keep_alive(self._peer)
            self._write("REGISTER", ticket + wishes)
            accepted = self.read(seconds) == ACCEPTED
        except BaseException:
            self.close()
            raise
        if not accepted:
            self.close()
            raise ChatRefusedError("the ticket was refused")

    def __enter__(self) -> "Chat":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, channel: str, text: str) -> None:
        """Send a text to ``PUBLIC`` or ``FAMILY``."""
        self._write(channel, text)

    def read(self, seconds: float | None) -> str | None:
        """Return the next line, or None when the edge has closed. Raises LineTimeoutError."""
        line = self._reader.read(seconds)
        return None if line is None else line.decode()

    def close(self) -> None:
        """Leave."""
        self._peer.close()

    def end_input(self) -> None:
        """Wake up a reader in another thread."""
        with suppress(OSError):  # the edge has closed already
            self._peer.shutdown(socket.SHUT_RDWR)

    def _write(self, command: str, text: str) -> None:
        self._peer.sendall(command.rjust(COMMAND_LENGTH, "0").encode() + text.encode() + CRLF)


def parse(line: str) -> tuple[str, str, str]:
    """Return (channel, game name, text) of a message."""
    command, rest = line[:COMMAND_LENGTH], line[COMMAND_LENGTH:]
    name, _, text = rest.partition(":")
    return command.lstrip("0"), name, text


def _keep_alive(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if hasattr(socket, name):  # not every system has all of them
            peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
