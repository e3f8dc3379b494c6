"""Bytes that wait for all clients of an edge together. When they are too many, the clients with the most go first."""

from typing import Protocol

from common.metrics import Gauge

QUEUED = Gauge("edge_queued_bytes", "Bytes that wait for all clients together")


class Waiting(Protocol):
    """A client for whom something waits."""

    @property
    def queued(self) -> int:
        """Bytes that wait for it."""

    def cut_off(self, reason: str) -> None:
        """Let it go; it then has nothing that waits."""


class Backlog:
    """Keeps the sum below a limit, whoever it takes."""

    def __init__(self, most: int) -> None:
        """``most`` bytes may wait in all."""
        self._most = most
        self._clients: set[Waiting] = set()
        self.total = 0
        """Bytes that wait now."""

    def change(self, client: Waiting, by: int) -> None:
        """Note that ``by`` bytes more wait for ``client``, which counts them itself, or fewer."""
        self.total += by
        if client.queued:
            self._clients.add(client)
        else:
            self._clients.discard(client)
        while self.total > self._most and self._clients:
            max(self._clients, key=lambda one: one.queued).cut_off("edge full")
        QUEUED.set(self.total)
