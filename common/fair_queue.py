"""A pool's queue in which who waits longest is served first."""

from collections import deque
from queue import Empty, Full
from typing import Generic, TypeVar

from gevent.event import AsyncResult

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Last in, first out, with the interface of ``queue.LifoQueue`` that pools use.

    The queues of gevent and of the standard library let a greenlet that just gave an item back take it again before
    the ones that wait have woken, so that under load some are served all the time and others never.
    """

    def __init__(self, size: int) -> None:
        """``size`` is the most items that it holds."""
        self._size = size
        self._items: list[T] = []
        self._waiting: deque[AsyncResult[tuple[T]]] = deque()

    def qsize(self) -> int:
        """Return how many items can be taken without waiting."""
        return len(self._items)

    def get(self, block: bool = True, timeout: float | None = None) -> T:  # noqa: FBT001, FBT002  # the interface
        """Take the newest item, in turn. Raises queue.Empty after ``timeout`` seconds."""
        if self._items:
            return self._items.pop()
        if not block:
            raise Empty
        place: AsyncResult[tuple[T]] = AsyncResult()
        self._waiting.append(place)
        try:
            place.wait(timeout)
        except BaseException:
            self._leave(place)
            raise
        if place.value is None:
            self._leave(place)
            raise Empty
        return place.value[0]

    def put(self, item: T, block: bool = True) -> None:  # noqa: FBT001, FBT002, ARG002  # the interface; it never waits
        """Give an item to who waits longest, or keep it. Raises queue.Full."""
        if self._waiting:
            self._waiting.popleft().set((item,))
            return
        if len(self._items) >= self._size:
            raise Full
        self._items.append(item)

    def _leave(self, place: "AsyncResult[tuple[T]]") -> None:
        if place.value is None:
            self._waiting.remove(place)
        else:  # it was served while it gave up
            self.put(place.value[0])
