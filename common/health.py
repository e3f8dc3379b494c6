"""Readiness: are the dependencies of this process reachable, and does it still take work?"""

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.pool import Pool

from common import vital

log = logging.getLogger(__name__)

EXTENSION = "health"
"""Where a Flask app keeps its Health."""

EAGER_SECONDS = 0.1
"""Seconds between probes while something is not reachable, so that its return is noticed at once."""

Probe = Callable[[], str]
"""Asks a dependency for a sign of life. Returns a short detail, raises when there is none."""


class Health:
    """Probes dependencies in the background, so that asking for readiness never waits."""

    def __init__(self, *, patience: float = 0.0, interval: float = 1.0, timeout: float = 1.0,
                 clock: Callable[[], float] = time.monotonic):
        """Each dependency is probed every ``interval`` seconds and has ``timeout`` seconds to answer.

        One that was there may be away for ``patience`` seconds before the process is not ready.
        """
        self._patience = patience
        self._interval = interval
        self._timeout = timeout
        self._clock = clock
        self._probes: dict[str, Probe] = {}
        self._states: dict[str, dict[str, Any]] = {}
        self._last_seen: dict[str, float] = {}
        self._notes: dict[str, Callable[[], Any]] = {}
        self._draining = False
        self._loop: gevent.Greenlet[..., Any] | None = None

    def add(self, name: str, probe: Probe) -> None:
        """Make ``name`` a dependency: the process is not ready before it was there, nor when it is away for long."""
        self._probes[name] = probe
        self._states[name] = {"ok": False, "detail": "not probed yet"}

    def note(self, name: str, tell: Callable[[], Any]) -> None:
        """Show a fact in the detail of readiness without letting it decide."""
        self._notes[name] = tell

    def drain(self) -> None:
        """Be not ready from now on; the process is about to leave."""
        self._draining = True

    @property
    def ready(self) -> bool:
        """Whether the process should be sent work."""
        return not self._draining and all(map(self._is_borne, self._missing))

    def report(self) -> dict[str, Any]:
        """Return the detail of readiness as a JSON object. ``missing`` names the dependencies that are away."""
        notes = {name: tell() for name, tell in self._notes.items()}
        return {"ready": self.ready, "draining": self._draining, "missing": self._missing, "checks": self._states,
                "notes": notes}

    @property
    def _missing(self) -> list[str]:
        return [name for name, state in self._states.items() if not state["ok"]]

    def _is_borne(self, name: str) -> bool:
        """Whether a dependency that is away was there a short time ago, so that the process goes on without it."""
        return name in self._last_seen and self._clock() - self._last_seen[name] < self._patience

    def start(self) -> None:
        self.probe_all()
        self._loop = vital.spawn(self._run)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def probe_all(self) -> None:
        """Probe every dependency once, side by side."""
        pool = Pool()
        for name, probe in self._probes.items():
            pool.spawn(self._probe, name, probe)
        pool.join()

    def _run(self) -> None:
        while True:
            gevent.sleep(min(EAGER_SECONDS, self._interval) if self._missing else self._interval)
            self.probe_all()

    def _probe(self, name: str, probe: Probe) -> None:
        begun = self._clock()
        try:
            with gevent.Timeout(self._timeout):
                detail = probe()
            state = {"ok": True, "detail": detail, "milliseconds": round((self._clock() - begun) * 1000, 1)}
            self._last_seen[name] = self._clock()
        except gevent.Timeout:
            state = {"ok": False, "detail": f"no answer within {self._timeout} s"}
        except Exception as error:  # noqa: BLE001  # whatever a client library raises, the dependency is not usable
            state = {"ok": False, "detail": f"{type(error).__name__}: {error}"[:200]}
        if state["ok"] != self._states[name]["ok"]:
            log.log(logging.INFO if state["ok"] else logging.WARNING, "%s is %s", name,
                    "reachable" if state["ok"] else "not reachable", extra={"detail": state["detail"]})
        self._states[name] = state
