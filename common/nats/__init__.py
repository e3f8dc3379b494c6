"""The NATS client: pynats2's interface and types on input and output that a server can live with."""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)  # pynats2 imports it, and needs it
    import pynats2  # noqa: F401

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
