"""A loop that runs beside the requests, as a part of the process."""

from collections.abc import Callable
from typing import Any

import gevent

Spawn = Callable[..., "gevent.Greenlet[..., Any]"]
"""Runs a function in a greenlet whose death by an error ends the process: ``common.lifecycle.Process.spawn``."""


class Loop:
    """Runs one function, which does not return, in a greenlet from start to stop."""

    def __init__(self, spawn: Spawn, function: Callable[[], None]) -> None:
        self._spawn = spawn
        self._function = function
        self._greenlet: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        self._greenlet = self._spawn(self._function)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None
