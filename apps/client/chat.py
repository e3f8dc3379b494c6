"""Speaks to an edge: commands of ten characters, a text, and a line end."""

import socket

from apps.client.gate import Address
from common.lines import CRLF, LineReader

COMMAND_LENGTH = 10
LINE_LIMIT = 64 * 1024
ACCEPTED = "00000000OK"


class ChatRefusedError(Exception):
    """The edge did not let this client in."""


class Chat:
    """One chat session."""

    def __init__(self, address: Address, ticket: str, seconds: float = 10.0) -> None:
        """Open a session with a ticket of ``get_login_token_chat``. Raises ChatRefusedError and OSError."""
        self._peer = address.connect(seconds)
        self._reader = LineReader(self._peer, LINE_LIMIT)
        try:
            self._write("REGISTER", ticket)
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
        self._peer.shutdown(socket.SHUT_RDWR)

    def _write(self, command: str, text: str) -> None:
        self._peer.sendall(command.rjust(COMMAND_LENGTH, "0").encode() + text.encode() + CRLF)


def parse(line: str) -> tuple[str, str, str]:
    """Return (channel, game name, text) of a message."""
    command, rest = line[:COMMAND_LENGTH], line[COMMAND_LENGTH:]
    name, _, text = rest.partition(":")
    return command.lstrip("0"), name, text
