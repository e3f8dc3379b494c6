"""What is to be done when. Pure: the time comes in."""

import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Agenda(Generic[Item]):
    """Each item has one moment at most: the earliest that was asked for."""

    def __init__(self) -> None:
        self._due: dict[Item, float] = {}
        self._heap: list[tuple[float, int, Item]] = []
        self._count = 0

    def put(self, item: Item, when: float) -> bool:
        """Do something about ``item`` at ``when`` or earlier; return whether that is the next of all."""
        if when >= self._due.get(item, float("inf")):
            return False
        self._due[item] = when
        self._count += 1  # items of one moment are taken in order, and never compared
        heapq.heappush(self._heap, (when, self._count, item))
        return self._heap[0][2] is item

    def drop(self, item: Item) -> None:
        """Do nothing about ``item`` any more."""
        self._due.pop(item, None)

    def next(self) -> float | None:
        """Return the next moment; None when there is nothing to do."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> Item | None:
        """Return an item whose moment has come, and forget it; None when there is none."""
        when = self.next()
        if when is None or when > now:
            return None
        item = heapq.heappop(self._heap)[2]
        del self._due[item]
        return item
