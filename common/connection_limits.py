"""How many connections there may be: in all and from one address."""

import resource
from collections import Counter as Multiset

SPARE_FILES = 256
"""File descriptors for everything but the connections that are counted."""


class ConnectionLimits:
    """Counts connections by their address and says who may come in."""

    def __init__(self, *, total: int, per_address: int = 0) -> None:
        """``per_address`` 0 means that one address may have them all."""
        self._total = total
        self._per_address = per_address
        self._count = 0
        self._by_address: Multiset[str] = Multiset()

    def __len__(self) -> int:
        return self._count

    def lack_of(self, address: str) -> str:
        """Return "address" when this address has as many connections as it may, or ""."""
        return "address" if self._per_address and self._by_address[address] >= self._per_address else ""

    def admit(self, address: str) -> str:
        """Count a connection in and return "", or return the reason why there is no room: connections or address."""
        if lack := self.lack_of(address):
            return lack
        if self._count >= self._total:
            return "connections"
        self._count += 1
        self._by_address[address] += 1
        return ""

    def leave(self, address: str) -> None:
        """Count a connection out that was admitted."""
        self._count -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


def allow_open_files(connections: int) -> int:
    """Raise this process's limit of open files for so many connections, as far as the system lets it.

    Returns how many connections fit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return connections if soft == resource.RLIM_INFINITY else min(connections, max(soft - SPARE_FILES, 0))
