"""Keeps the last good catalogue while the files under it change, break and are mended."""

import logging
from collections.abc import Callable
from typing import Any

import gevent

from apps.config.catalogue import Catalogue, Outcome
from apps.config.problems import Problem
from common import vital
from common.metrics import Counter, Gauge

log = logging.getLogger(__name__)

BROKEN_FILES = Gauge("config_broken_files", "Files of game data that are broken, so that older ones are served")
LOADS = Counter("config_loads_total", "Changes of the game data that were looked at", ["result"])


class Watcher:
    """Looks at the game data again and again. All or nothing: a single broken file keeps the last good set."""

    def __init__(self, load: Callable[[], Outcome | None], interval: float) -> None:
        """``load`` looks once and may take its time; ``interval``: seconds between two looks."""
        self._load = load
        self._interval = interval
        self._loop: gevent.Greenlet[..., Any] | None = None
        self._problems: tuple[Problem, ...] = ()
        self.catalogue: Catalogue | None = None

    def start(self) -> None:
        """Look once, then go on in the background."""
        self.step()
        self._loop = vital.spawn(self._run)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def step(self) -> None:
        """Look at the files once; they are read and checked in a thread, so that requests go on meanwhile."""
        outcome = gevent.get_hub().threadpool.apply(self._look)
        if outcome is not None and (outcome.catalogue is not None or outcome.problems != self._problems):
            self._take(outcome)

    def probe(self) -> str:
        """Return what is served. Raises LookupError when there never was a good set."""
        if self.catalogue is None:
            raise LookupError("no good game data yet" + "".join(f"; {problem}" for problem in self._problems[:1]))
        return f"version {self.catalogue.version}, {len(self.catalogue.files)} files"

    def tell(self) -> list[str]:
        """Return the problems of the files on disk, each as a line; none when what is on disk is served."""
        return [str(problem) for problem in self._problems]

    def _run(self) -> None:
        while True:
            gevent.sleep(self._interval)
            self.step()

    def _look(self) -> Outcome | None:
        try:
            return self._load()
        except Exception as error:  # noqa: BLE001  # data that no check foresaw must not end the service
            return Outcome(None, (Problem("", "", f"the check failed: {type(error).__name__}: {error}"),))

    def _take(self, outcome: Outcome) -> None:
        if outcome.catalogue is not None:
            self.catalogue = outcome.catalogue
            log.info("game data loaded", extra={"version": outcome.catalogue.version,
                                                "files": len(outcome.catalogue.files),
                                                "etag": outcome.catalogue.everything.etag})
        for problem in outcome.problems:
            if problem not in self._problems:
                log.error("game data is broken: %s", problem)
        self._problems = outcome.problems
        BROKEN_FILES.set(len({problem.file for problem in outcome.problems}))
        LOADS.labels("broken" if outcome.problems else "good").inc()
