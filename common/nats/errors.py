"""What can go wrong. All of these are errors of pynats2 too, so code that catches its classes catches ours."""

from pynats2 import (
    NATSConnectionError,
    NATSError,
    NATSInvalidResponse,
    NATSInvalidUrlError,
    NATSRequestTimeoutError,
    NATSTCPConnectionRequiredError,
    NATSTLSConnectionRequiredError,
)

__all__ = [
    "BufferFullError",
    "ClientClosedError",
    "ConnectionLostError",
    "InvalidUrlError",
    "NATSError",
    "NATSRequestTimeoutError",
    "NoRespondersError",
    "NotConnectedError",
    "ProtocolError",
    "TlsMissingError",
    "TlsRequiredError",
]


class NotConnectedError(NATSConnectionError):  # type: ignore[misc]  # pynats2 has no type hints
    """What was asked for needs a connection that is not there."""

    def __str__(self) -> str:
        return str(self.line)  # pynats2 keeps the text but does not show it


class ConnectionLostError(NotConnectedError):
    """The connection broke, was refused, or the server did not answer in time."""


class BufferFullError(NotConnectedError):
    """More bytes wait to be written than the buffer may hold; this message was not taken."""


class ClientClosedError(NotConnectedError):
    """The client was closed and takes nothing more."""


class InvalidUrlError(NATSInvalidUrlError):  # type: ignore[misc]  # pynats2 has no type hints
    """The URL of a server cannot be used. The text does not repeat the URL, which may hold a password."""

    def __str__(self) -> str:
        return str(self.line)


class TlsRequiredError(NATSTLSConnectionRequiredError):  # type: ignore[misc]  # pynats2 has no type hints
    """The server takes TLS connections only and its URL does not say so."""

    def __str__(self) -> str:
        return str(self.line)


class TlsMissingError(NATSTCPConnectionRequiredError):  # type: ignore[misc]  # pynats2 has no type hints
    """The URL asks for TLS and the server has none."""

    def __str__(self) -> str:
        return str(self.line)


class ProtocolError(NATSInvalidResponse):  # type: ignore[misc]  # pynats2 has no type hints
    """The server sent what the protocol does not know, or more than the limits allow."""

    def __init__(self, text: str) -> None:
        super().__init__(text.encode())

    def __str__(self) -> str:
        return bytes(self.line).decode()


class NoRespondersError(NATSError):  # type: ignore[misc]  # pynats2 has no type hints
    """Nobody listens on the subject of a request; known at once, without waiting for the time limit."""


class JetStreamError(NATSError):  # type: ignore[misc]  # pynats2 has no type hints
    """JetStream refused a request, or answered what cannot be read."""
