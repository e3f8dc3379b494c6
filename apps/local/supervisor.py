"""Starts processes side by side as soon as what they need is there, brings back what dies, stops all in order.

No greenlet of it is ever killed, so that no process is started and forgotten: they all look at one flag.
"""

import time
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore

from apps.local.processes import Cancelled, Managed, StartError
from apps.local.settings import WatchSettings

LEAVE_SECONDS = 5.0
USAGE_ERROR = 2  # the exit code of a process whose options are wrong: trying again does not help


class Backoff:
    """How long to wait before a process that died is started again."""

    def __init__(self, first: float, most: float, reset: float) -> None:
        """Waits of ``first`` seconds, doubled up to ``most``; a life of ``reset`` seconds begins anew."""
        self._first = first
        self._most = most
        self._reset = reset
        self._next = first

    def delay(self, lived: float) -> float:
        """Return the seconds to wait after a process that lived for ``lived`` seconds."""
        if lived >= self._reset:
            self._next = self._first
        delay = min(self._next, self._most)
        self._next = delay * 2
        return delay


class Supervisor:
    """Owns processes from their start to their end."""

    def __init__(
        self, units: Sequence[Managed], settings: WatchSettings, say: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        """``say`` gets a line for people; ``changed`` is called when a process that died is back, with a new pid."""
        self._units = units
        self._settings = settings
        self._say = say
        self._changed = changed
        self._up = {unit.name: Event() for unit in units}
        self._launching = {unit.name: BoundedSemaphore() for unit in units}
        self._begun: dict[str, float] = {}
        self._ending = Event()
        self._forced = False
        self._problem: Exception | None = None
        self._watchers: list[gevent.Greenlet[..., Any]] = []

    def start(self) -> None:
        """Start everything and wait until all is ready.

        Raises StartError when something cannot start, Cancelled when ``cancel`` was called. Call ``stop`` after both.
        """
        deadline = time.monotonic() + self._settings.ready_seconds
        gevent.joinall([gevent.spawn(self._start_unit, unit, deadline) for unit in self._units])
        if self._problem:
            raise self._problem

    def watch(self) -> None:
        """Start again what dies from now on; returns at once."""
        self._watchers = [gevent.spawn(self._watch_unit, unit) for unit in self._units if unit.kept]

    def cancel(self) -> None:
        """Let nothing be started any more, and make ``start`` end early."""
        self._ending.set()

    def stop(self) -> bool:
        """End all processes, one stage after the other; return whether each ended by itself in time."""
        self._ending.set()
        clean = True
        for _, stage in groupby(sorted(self._units, key=_stage), key=_stage):
            stops = [gevent.spawn(self._stop_unit, unit) for unit in stage]
            gevent.joinall(stops)
            clean = clean and all(stop.value for stop in stops)
        gevent.joinall(self._watchers, timeout=LEAVE_SECONDS)
        return clean

    def force(self) -> None:
        """Kill everything now; a ``stop`` that waits goes on at once."""
        self._ending.set()
        self._forced = True
        for unit in self._units:
            if unit.running:
                unit.kill()

    def _start_unit(self, unit: Managed, deadline: float) -> None:
        try:
            for need in unit.needs:
                self._wait_for(need)
            self._start_with_attempts(unit, deadline)
            self._up[unit.name].set()
        except (StartError, Cancelled) as error:
            self._problem = self._problem or error
            self._ending.set()

    def _wait_for(self, need: str) -> None:
        """Wait for another unit to be up; one that is not ours runs already."""
        if need in self._up:
            gevent.wait([self._up[need], self._ending], count=1)

    def _start_with_attempts(self, unit: Managed, deadline: float) -> None:
        for _ in range(self._settings.start_attempts - 1):
            try:
                return self._launch(unit, deadline - time.monotonic())
            except StartError as error:
                if not _worth_another_try(unit):
                    raise
                self._say(f"{error}\ntrying again")
                self._ending.wait(self._settings.restart_delay)
        return self._launch(unit, deadline - time.monotonic())

    def _launch(self, unit: Managed, seconds: float) -> None:
        with self._launching[unit.name]:
            if self._ending.is_set():
                raise Cancelled
            self._begun[unit.name] = time.monotonic()
            unit.start(seconds, self._ending.is_set)

    def _watch_unit(self, unit: Managed) -> None:
        settings = self._settings
        backoff = Backoff(settings.restart_delay, settings.restart_delay_max, settings.restart_reset)
        while True:
            how = unit.wait()
            if self._ending.is_set():
                return
            delay = backoff.delay(time.monotonic() - self._begun[unit.name])
            self._say(f"{unit.name} (process {unit.pid}) died: {how}; starting it again in {delay:g} s")
            self._ending.wait(delay)
            self._bring_back(unit)

    def _bring_back(self, unit: Managed) -> None:
        try:
            self._launch(unit, self._settings.ready_seconds)
            self._changed()
            self._say(f"{unit.name} is back as process {unit.pid}")
        except Cancelled:
            return
        except (StartError, OSError) as error:
            self._say(str(error))

    def _stop_unit(self, unit: Managed) -> bool:
        with self._launching[unit.name]:
            clean = unit.stop(0 if self._forced else self._settings.stop_seconds)
        if not clean and not self._forced:
            self._say(f"{unit.name} did not end within {self._settings.stop_seconds:g} s and was killed")
        return clean


def _stage(unit: Managed) -> int:
    return unit.stage


def _worth_another_try(unit: Managed) -> bool:
    return unit.kept and not unit.running and (unit.process is None or unit.process.returncode != USAGE_ERROR)
