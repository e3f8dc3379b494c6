"""The NATS client: pynats2's interface and types on input and output that a server can live with."""

from common.nats.client import Client
from common.nats.errors import (
    BufferFullError,
    ClientClosedError,
    ConnectionLostError,
    InvalidUrlError,
    NATSError,
    NATSRequestTimeoutError,
    NoRespondersError,
    NotConnectedError,
    ProtocolError,
)
from common.nats.message import Message

__all__ = [
    "BufferFullError",
    "Client",
    "ClientClosedError",
    "ConnectionLostError",
    "InvalidUrlError",
    "Message",
    "NATSError",
    "NATSRequestTimeoutError",
    "NoRespondersError",
    "NotConnectedError",
    "ProtocolError",
]
