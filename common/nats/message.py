"""A message as subscribers get it."""

from collections.abc import Mapping
from types import MappingProxyType

from pynats2 import NATSMessage

NO_RESPONDERS = 503
"""Status with which the server answers a request on a subject that nobody listens on."""


class Message(NATSMessage):  # type: ignore[misc]  # pynats2 has no type hints
    """A ``pynats2.NATSMessage`` with headers. ``status`` is 0 unless the server itself answers, see NO_RESPONDERS.

    Both stand on the class until a message has its own: most have none, and making messages limits the throughput.
    """

    headers: Mapping[str, str] = MappingProxyType({})
    status: int = 0

    def with_headers(self, headers: Mapping[str, str], status: int = 0) -> "Message":
        """Give the message headers of its own; return it."""
        self.headers = headers
        self.status = status
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return bool(super().__eq__(other)) and (self.headers, self.status) == (other.headers, other.status)

    __hash__ = None  # type: ignore[assignment]  # it can change, as pynats2's
