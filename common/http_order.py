"""Which of several equal servers to ask first."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

M = TypeVar("M")


class Order(Generic[M]):
    """Takes turns, and puts members that failed last for a while.

    When a member's rest is over, a single call tries it; all others wait for how that ends. So a member that takes
    connections but does not answer costs one call a rest, not every call at once.
    """

    def __init__(self, members: Sequence[M], *, rest: float, clock: Callable[[], float]) -> None:
        """``rest`` in seconds is how long a member that failed is put last."""
        self._members = tuple(members)
        self._rest = rest
        self._clock = clock
        self._retry_at: dict[M, float] = {}
        self._turn = 0

    def next(self) -> list[M]:
        """Return all members, the best to ask first."""
        start, self._turn = self._turn, (self._turn + 1) % len(self._members)
        turns = self._members[start:] + self._members[:start]
        now = self._clock()
        rested = [member for member in turns if self._retry_at.get(member, now) <= now]
        if rested and rested[0] in self._retry_at:
            self._retry_at[rested[0]] = now + self._rest
        return rested + [member for member in turns if member not in rested]

    def failed(self, member: M) -> None:
        """Put ``member`` last from now on."""
        self._retry_at[member] = self._clock() + self._rest

    def worked(self, member: M) -> None:
        """Give ``member`` its turns again."""
        self._retry_at.pop(member, None)
