"""Greenlets that are used again and again: to make one costs about as much as to read a request."""

import logging
from collections.abc import Callable
from typing import Any

import gevent
from gevent.queue import SimpleQueue

log = logging.getLogger(__name__)

Task = tuple[Callable[..., None], tuple[Any, ...]]

MOST_IDLE = 64
"""Greenlets that wait for work; who becomes idle beyond it ends."""


class Crew:
    """Runs each task in a greenlet that does nothing else meanwhile; there are as many as there are tasks."""

    def __init__(self) -> None:
        self._idle = 0
        self._tasks: SimpleQueue[Task] = SimpleQueue()

    def run(self, function: Callable[..., None], *arguments: Any) -> None:
        """Start ``function``; never waits."""
        if self._idle:
            self._idle -= 1
            self._tasks.put((function, arguments))
        else:
            gevent.spawn(self._live, (function, arguments))

    def _live(self, task: Task) -> None:
        while True:
            try:
                task[0](*task[1])
            except Exception:  # the next task has nothing to do with it
                log.exception("a task failed")
            if self._idle >= MOST_IDLE:
                return
            self._idle += 1
            del task  # what it held is free while nothing is to be done
            task = self._tasks.get()
