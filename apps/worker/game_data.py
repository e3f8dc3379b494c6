"""The game data that config serves: always one whole version, renewed while the worker runs.

A worker starts without config from a copy of the last good version.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gevent
import orjson

from apps.worker.counts import UNEXPECTED
from apps.worker.game_data_copies import Copy
from common import vital
from common.http_client import JsonClient, ServiceUnavailableError
from common.metrics import Counter, Gauge

log = logging.getLogger(__name__)

PATH = "/get_game_manager_config"
RELOADS = Counter("worker_game_data_reloads_total", "New versions of the game data that were taken")
LOADED = Gauge("worker_game_data_loaded", "Whether there is game data to serve from")
IMPATIENT_SECONDS = 0.2
"""Seconds between two looks while there is nothing to serve from."""


class NoGameDataError(Exception):
    """There is no game data yet: config has not answered since the start, and there is no copy."""


class GameData:
    """Asks config every few seconds for a new version."""

    def __init__(self, http: JsonClient, seconds: float, copies: Sequence[Copy], *, keep_seconds: float,
                 clock: Callable[[], float] = time.monotonic) -> None:
        """``copies`` are those to start from, the best first. They are renewed every ``keep_seconds`` even if nothing
        changes, for they may get lost. ``clock`` is in seconds."""
        self._http = http
        self._seconds = seconds
        self._copies = copies
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._etag: str | None = None
        self._content = b""
        self._kept = 0.0
        self._current: Mapping[str, Any] | None = None
        self._loop: gevent.Greenlet[..., Any] | None = None

    @property
    def current(self) -> Mapping[str, Any]:
        """The version that is valid now; never changes under its holder. Raises NoGameDataError."""
        if self._current is None:
            raise NoGameDataError
        return self._current

    def start(self) -> None:
        self.look()
        self._loop = vital.spawn(self._run)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def look(self) -> None:
        """Take a new version if there is one; without any, take a copy."""
        self.refresh()
        if self._current is None:
            self._load_copy()

    def refresh(self) -> None:
        """Take a new version if there is one; keep the old one if config cannot be asked."""
        asked = self._clock()
        try:
            reply = self._http.get(PATH, etag=self._etag)
        except ServiceUnavailableError as error:
            log.warning("no look at the game data: %s", error)
            return
        if reply.status == 200 and isinstance(reply.body, dict):
            self._take(reply.body, reply.etag)
            self._keep(asked)
        elif reply.status == 304 and asked - self._kept >= self._keep_seconds:
            self._keep(asked)

    def probe(self) -> str:
        """Return the version; raises NoGameDataError."""
        return f"version {self._etag or 'from a copy'}, {len(self.current)} files"

    def _run(self) -> None:
        while True:
            gevent.sleep(self._seconds if self._current is not None else min(IMPATIENT_SECONDS, self._seconds))
            try:
                self.look()
            except Exception:  # the version that there is stays; the next look tries again
                UNEXPECTED.labels("game data").inc()
                log.exception("a look for new game data failed")

    def _take(self, body: dict[str, Any], etag: str | None) -> None:
        self._current, self._etag, self._content = body, etag, orjson.dumps(body)
        LOADED.set(1)
        RELOADS.inc()
        log.info("took game data", extra={"etag": etag, "files": len(body)})

    def _keep(self, asked: float) -> None:
        self._kept = asked
        for copy in self._copies:
            copy.keep(self._content, asked)

    def _load_copy(self) -> None:
        for copy in self._copies:
            data = decoded(copy.load())
            if data is not None:
                self._current = data
                LOADED.set(1)
                log.warning("config is away; serving from a copy of the last good game data",
                            extra={"copy": type(copy).__name__})
                return


def decoded(content: bytes | None) -> dict[str, Any] | None:
    """Return game data from a copy; None for what is none."""
    if content is None:
        return None
    try:
        data = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        log.error("a copy of the game data is no JSON: %s", error)
        return None
    return data if isinstance(data, dict) else None
