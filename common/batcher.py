"""Joins calls of many greenlets into few: what comes while a batch is under way goes together with the next one."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import gevent
from gevent.event import AsyncResult

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Nothing waits for a batch to fill: an item that finds a free lane goes at once, alone if need be."""

    def __init__(self, work: Callable[[Sequence[T]], Sequence[R]], *, lanes: int, most: int, patience: float,
                 clock: Callable[[], float] = time.monotonic) -> None:
        """``work`` takes 1 to ``most`` items and returns a result for each.

        One batch runs at a time, and up to ``lanes`` when an item has waited for ``patience`` seconds: large batches
        are cheap, but one that hangs must not hold up all others.
        """
        self._work = work
        self._lanes = lanes
        self._used = 0
        self._watched = False
        self._most = most
        self._patience = patience
        self._clock = clock
        self._waiting: deque[tuple[T, float, AsyncResult[R]]] = deque()

    def call(self, item: T) -> R:
        """Return the result of ``item``. Raises whatever the work on its batch raised.

        An item whose caller gave up is worked on all the same.
        """
        place: AsyncResult[R] = AsyncResult()
        self._waiting.append((item, self._clock(), place))
        if self._used == 0:
            self._open_lane()
        elif not self._watched:
            self._watched = True
            gevent.spawn_later(self._patience, self._watch)
        return place.get()  # type: ignore[return-value]  # the lane sets a result, or an error

    def _open_lane(self) -> None:
        self._used += 1
        gevent.spawn(self._lane)  # starts after whoever is ready to add an item now

    def _watch(self) -> None:
        """Open lanes for items that have waited, until none waits."""
        while self._waiting:
            if self._used < self._lanes and self._clock() - self._waiting[0][1] >= self._patience:
                self._open_lane()
            gevent.sleep(self._patience)
        self._watched = False

    def _lane(self) -> None:
        try:
            while self._waiting:
                self._run([self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))])
        finally:
            self._used -= 1

    def _run(self, batch: Sequence[tuple[T, float, "AsyncResult[R]"]]) -> None:
        try:
            answered = list(zip(batch, self._work([item for item, _, _ in batch]), strict=True))
        except Exception as error:  # noqa: BLE001  # it is raised again in each greenlet that waits
            for _, _, place in batch:
                place.set_exception(error)
            return
        for (_, _, place), result in answered:
            place.set(result)
