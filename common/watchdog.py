"""Names the function that held the event loop: everything in a process waits while one function does not give way.

A greenlet beats; a real thread looks whether the beat is late, and if so, at what the main thread is doing. The report
is written by the greenlet once it runs again, because a thread must not use what belongs to the event loop.
"""

import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import gevent
from gevent import monkey  # noqa: TID251  # for the unpatched thread functions; nothing is patched here

from common import vital
from common.metrics import Counter

log = logging.getLogger(__name__)

BLOCKED = Counter("event_loop_blocked_total", "Times that a function held the event loop for too long", ["function"])
SECONDS = Counter("event_loop_blocked_seconds_total", "Time that functions held the event loop for too long",
                  ["function"])

ROOT = str(Path(__file__).resolve().parent.parent)
OWN = (f"{ROOT}/apps/", f"{ROOT}/common/")
BEATS = 3
"""Beats within the allowed time."""

Sample = Callable[[], FrameType | None]


class Watchdog:
    """Watches the event loop of the thread that starts it."""

    def __init__(self, seconds: float) -> None:
        """``seconds`` is how long a function may hold the event loop."""
        self._limit = seconds
        self._beat = time.monotonic()
        self._culprit = ""
        self._stopped = False
        self._greenlet: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        start_thread = monkey.get_original("_thread", "start_new_thread")
        main_thread = monkey.get_original("_thread", "get_ident")()
        self._greenlet = vital.spawn(self._keep_beating)
        start_thread(self._look, (lambda: sys._current_frames().get(main_thread),))  # noqa: SLF001  # the only way

    def stop(self) -> None:
        self._stopped = True
        if self._greenlet is not None:
            self._greenlet.kill()

    def _keep_beating(self) -> None:
        self._beat = time.monotonic()
        while True:
            gevent.sleep(self._limit / BEATS)
            now = time.monotonic()
            held, self._beat = now - self._beat, now
            if self._culprit:
                self._report(self._culprit, held)
                self._culprit = ""

    def _look(self, sample: Sample) -> None:
        """Sleep until the latest beat is too long ago; with a loop in good order there was another one by then."""
        sleep = monkey.get_original("time", "sleep")
        while not self._stopped:
            left = self._beat + self._limit - time.monotonic()
            if left > 0:
                sleep(left)
                continue
            if not self._culprit:
                self._culprit = culprit(sample())
            sleep(self._limit / BEATS)

    @staticmethod
    def _report(function: str, seconds: float) -> None:
        BLOCKED.labels(function).inc()
        SECONDS.labels(function).inc(seconds)
        log.warning("the event loop was held for %d ms by %s", seconds * 1000, function)


def culprit(frame: FrameType | None) -> str:
    """Return the innermost function of this project on a stack, as ``module.function``; empty when there is none.

    Without one the loop was not held: the process was stopped or had no CPU.
    """
    while frame is not None:
        if frame.f_code.co_filename.startswith(OWN) and frame.f_code.co_filename != __file__:
            return f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return ""
