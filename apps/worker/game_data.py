"""The game data that config serves: always one whole version, renewed while the worker runs.

A worker starts without config from the copy of the last good version, if it keeps one.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import gevent
import orjson

from common.http_client import JsonClient, ServiceUnavailableError
from common.metrics import Counter, Gauge

log = logging.getLogger(__name__)

PATH = "/get_game_manager_config"
RELOADS = Counter("worker_game_data_reloads_total", "New versions of the game data that were taken")
LOADED = Gauge("worker_game_data_loaded", "Whether there is game data to serve from")


class NoGameDataError(Exception):
    """There is no game data yet: config has not answered since the start, and there is no copy."""


class GameData:
    """Asks config every few seconds for a new version."""

    def __init__(self, http: JsonClient, seconds: float, copy: Path | None) -> None:
        """``copy`` is the file that keeps the last good version."""
        self._http = http
        self._seconds = seconds
        self._copy = copy
        self._etag: str | None = None
        self._current: Mapping[str, Any] | None = None
        self._loop: gevent.Greenlet[..., Any] | None = None

    @property
    def current(self) -> Mapping[str, Any]:
        """The version that is valid now; never changes under its holder. Raises NoGameDataError."""
        if self._current is None:
            raise NoGameDataError
        return self._current

    def start(self) -> None:
        self.refresh()
        if self._current is None:
            self._load_copy()
        self._loop = gevent.spawn(self._run)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def refresh(self) -> None:
        """Take a new version if there is one; keep the old one if config cannot be asked."""
        try:
            reply = self._http.get(PATH, etag=self._etag)
        except ServiceUnavailableError as error:
            log.warning("no look at the game data: %s", error)
            return
        if reply.status == 200 and isinstance(reply.body, dict):
            self._take(reply.body, reply.etag)

    def probe(self) -> str:
        """Return the version; raises NoGameDataError."""
        return f"version {self._etag or 'from the copy'}, {len(self.current)} files"

    def _run(self) -> None:
        while True:
            gevent.sleep(self._seconds if self._current is not None else min(0.2, self._seconds))
            self.refresh()

    def _take(self, body: dict[str, Any], etag: str | None) -> None:
        self._current, self._etag = body, etag
        LOADED.set(1)
        RELOADS.inc()
        log.info("took game data", extra={"etag": etag, "files": len(body)})
        if self._copy is not None:
            self._keep(self._copy, orjson.dumps(body))

    @staticmethod
    def _keep(path: Path, content: bytes) -> None:
        try:
            gevent.get_hub().threadpool.apply(write_whole, (path, content))
        except OSError as error:
            log.warning("no copy of the game data was kept: %s", error)

    def _load_copy(self) -> None:
        if self._copy is None or not self._copy.exists():
            return
        try:
            self._current = orjson.loads(self._copy.read_bytes())
        except (OSError, orjson.JSONDecodeError) as error:
            log.error("the copy of the game data cannot be read: %s", error)
            return
        LOADED.set(1)
        log.warning("config is away; serving from the copy of the last good game data")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old or the new content, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as fresh:  # several workers may write
        fresh.write(content)
    Path(fresh.name).replace(path)
