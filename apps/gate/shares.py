"""What each address takes of this gate: requests a second, and requests that wait for their answers.

One address may ask as often and have as much under way as its share allows; what it wants beyond is refused to it, and
does not count when it is decided whether others have room.
"""

import math
from collections import Counter as Multiset
from collections.abc import Callable

from common.token_bucket import Rates

Crowd = Callable[[], str]
"""Tells why a request would wait too long at this gate, whoever sends it, or "" if it would not."""


class Shares:
    """Counts requests by the address that they come from."""

    def __init__(self, rates: Rates, part: float, room: float) -> None:
        """``part`` of the ``room`` for waiting requests is for one address; without a rate all of it is."""
        self._rates = rates
        self._part = part if rates.rate and part < 1 else math.inf
        self._waiting: Multiset[str] = Multiset()
        self.resize(room)

    def resize(self, room: float) -> float:
        """Say how many requests may wait from now on; return how many wait beyond the share of their address."""
        self._share = max(1.0, self._part * room)
        if self._share == math.inf:
            return 0.0
        return sum(number - self._share for number in self._waiting.values() if number > self._share)

    def refusal(self, address: str) -> str:
        """Return why an address may not ask now, "rate" or "share", or "" if it may. Counts nothing."""
        return self.refusal_of_waiting(address) if self._rates.has(address) else "rate"

    def count(self, address: str) -> None:
        """Count a request towards the rate."""
        self._rates.take(address)

    def begin(self, address: str) -> None:
        """Count a request that waits from now on."""
        self._waiting[address] += 1

    def end(self, address: str) -> None:
        """Count a request that waits no more."""
        self._waiting[address] -= 1
        if not self._waiting[address]:
            del self._waiting[address]

    def visitor(self, address: str, crowd: Crowd) -> "Visitor":
        """Return what counts the requests of a connection that was admitted and counted."""
        return Visitor(self, address, crowd)

    def refusal_of_waiting(self, address: str) -> str:
        """Return "share" if an address has as many requests under way as it may, or ""."""
        return "share" if self._waiting[address] + 1 > self._share else ""


class Visitor:
    """One connection, on behalf of its address."""

    def __init__(self, shares: Shares, address: str, crowd: Crowd) -> None:
        self._shares = shares
        self._address = address
        self._crowd = crowd
        self._counted = True

    def refusal(self) -> str:
        """Count a request; return why it may not be asked, or "". The first one was counted and let in before."""
        if self._counted:
            self._counted = False
            return self._shares.refusal_of_waiting(self._address)
        reason = self._shares.refusal(self._address) or self._crowd()
        if not reason:
            self._shares.count(self._address)
        return reason

    def begin(self) -> None:
        """The request waits for its answer."""
        self._shares.begin(self._address)

    def end(self) -> None:
        """It waits no more."""
        self._shares.end(self._address)
