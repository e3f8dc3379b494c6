"""A bounded pool of threads for work on the disk, as greenlets use it."""

from collections.abc import Callable
from typing import TypeVar

import gevent
from gevent.threadpool import ThreadPool

T = TypeVar("T")


class SlowDiskError(OSError):
    """The disk did not answer in time; whether the work was done is not known."""


class Threads:
    """Runs work outside of the event loop."""

    def __init__(self, number: int, seconds: float) -> None:
        """``seconds`` is how long a piece of work may take, its waiting for a thread included."""
        self._pool = ThreadPool(number)
        self._seconds = seconds

    def run(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns. Raises SlowDiskError and what ``work`` raises."""
        with gevent.Timeout(self._seconds, SlowDiskError("the disk did not answer in time")):
            done = self._pool.apply(caught, (work,))  # the pool would print an error that is raised in it
        if isinstance(done, Exception):
            raise done
        return done  # type: ignore[no-any-return]  # the pool does not say what its work returns


def caught(work: Callable[[], T]) -> T | Exception:
    """Return what ``work`` returns, or the error that it raises."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001  # the caller decides what it means
        return error
