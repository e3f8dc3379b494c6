"""Does in time what has to be looked at."""

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

import gevent
from gevent.event import Event

from apps.edge.agenda import Agenda

Item = TypeVar("Item", bound=Hashable)

TURN = 64  # items after which the other greenlets get a turn
LEAST_WAIT = 0.05


class Rounds(Generic[Item]):
    """Works from start to stop; nothing else here waits."""

    def __init__(self, work: Callable[[Item], None],
                 spawn: Callable[[Callable[[], None]], "gevent.Greenlet[..., Any]"],
                 clock: Callable[[], float]) -> None:
        """``work`` is called with an item when its moment on the clock has come; it must not wait."""
        self._work = work
        self._spawn = spawn
        self._clock = clock
        self._agenda: Agenda[Item] = Agenda()
        self._wake = Event()
        self._loop: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        self._loop = self._spawn(self._run)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def look(self, item: Item, when: float) -> None:
        """Work on an item at that moment, or as soon as possible."""
        if self._agenda.put(item, when):
            self._wake.set()

    def drop(self, item: Item) -> None:
        """Work on an item no more, until it is asked for again."""
        self._agenda.drop(item)

    def _run(self) -> None:
        while True:
            due = self._agenda.next()
            self._wake.wait(None if due is None else max(0.0, due - self._clock()))
            self._wake.clear()
            self._do_what_is_due()
            gevent.sleep(LEAST_WAIT)  # what comes meanwhile is done together, which costs less

    def _do_what_is_due(self) -> None:
        count = 0
        while (item := self._agenda.take(self._clock())) is not None:
            self._work(item)
            count += 1
            if not count % TURN:
                gevent.sleep(0)
