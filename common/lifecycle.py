"""The life of a process, in four sentences.

Parts are started in the order in which they were added and stopped in the reverse order. A signal only sets a flag;
the main greenlet does the stopping. A greenlet of a part that dies of an error ends the whole process with exit code 1,
see ``common.vital``. A stop that takes longer than its limit is cut off, and says so.
"""

import logging
import signal
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import gevent
from gevent.event import Event

from common import garbage, vital

log = logging.getLogger(__name__)


class Part(Protocol):
    """Something with an owner that starts and stops it. ``stop`` finishes what was taken, within a limit of its own."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


P = TypeVar("P", bound=Part)


class Process:
    """Owns the parts of a process from start to exit."""

    def __init__(self, name: str, *, stop_seconds: float, drain: Callable[[], None] | None = None) -> None:
        """``drain`` is called first when the process is told to end: the place to become not ready."""
        self._name = name
        self._stop_seconds = stop_seconds
        self._drain = drain
        self._parts: list[Part] = []
        self._started: list[Part] = []
        self._ending = Event()
        self._failed = False

    def add(self, part: P) -> P:
        """Take ownership of ``part`` and return it."""
        self._parts.append(part)
        return part

    def spawn(self, function: Callable[..., Any], *arguments: Any) -> "gevent.Greenlet[..., Any]":
        """Run ``function`` in a greenlet whose death by an error ends the process."""
        return vital.spawn(function, *arguments)

    def end(self) -> None:
        """Ask the process to stop; safe to call from a signal handler and more than once."""
        self._ending.set()

    def run(self) -> int:
        """Start the parts, wait for SIGTERM or SIGINT, stop them; return the exit code."""
        vital.ends_by(self._fail)
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self.end)
        try:
            self._start()
            self._ending.wait()
        finally:
            self._stop()
        return 1 if self._failed else 0

    def _start(self) -> None:
        for part in self._parts:
            if self._ending.is_set():
                return
            part.start()
            self._started.append(part)
        garbage.freeze()
        log.info("started")

    def _stop(self) -> None:
        log.info("stopping")
        if self._drain is not None:
            self._drain()
        try:
            with gevent.Timeout(self._stop_seconds):
                while self._started:
                    self._stop_part(self._started.pop())
        except gevent.Timeout:
            left = [type(part).__name__ for part in self._started]
            log.error("stop cut off after %s s", self._stop_seconds, extra={"not_stopped": left})
            self._failed = True
        log.info("stopped")

    def _stop_part(self, part: Part) -> None:
        try:
            part.stop()
        except Exception:  # the other parts still have to be stopped
            log.exception("%s did not stop cleanly", type(part).__name__)
            self._failed = True

    def _fail(self) -> None:
        self._failed = True
        self._ending.set()
