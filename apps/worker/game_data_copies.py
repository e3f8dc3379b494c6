"""Copies of the last good game data, for workers that start while config is away: in Redis for all, and in a file."""

import hashlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol

import gevent
import redis

log = logging.getLogger(__name__)

KEY = "game-data"
"""A hash: ``body``, its ``digest``, and the ``moment`` at which config was asked, in microseconds of Redis's clock."""

KEEP = """
local time = redis.call('TIME')
local moment = time[1] * 1000000 + time[2] - ARGV[1]
local held = redis.call('HMGET', KEYS[1], 'moment', 'digest')
if held[1] and tonumber(held[1]) > moment then return 'older' end
if held[2] ~= ARGV[2] then
  if ARGV[3] == '' then return 'wanted' end
  redis.call('HSET', KEYS[1], 'digest', ARGV[2], 'body', ARGV[3])
end
redis.call('HSET', KEYS[1], 'moment', string.format('%.0f', moment))
return 'kept'
"""
"""What config said later counts, whoever asked it and however late it is written down here. The body is sent only when
it is another one than that which is there."""
WANTED = b"wanted"


class Copy(Protocol):
    """Keeps one copy. Neither method raises when its place cannot be reached."""

    def keep(self, content: bytes, asked: float) -> None:
        """Keep what config answered when it was ``asked``, in seconds of a monotonic clock."""

    def load(self) -> bytes | None:
        """Return what was kept, or None."""


class RedisCopy:
    """One copy for all workers."""

    def __init__(self, client: "redis.Redis", most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing that has more than ``most`` bytes is kept or read."""
        self._redis = client
        self._most = most
        self._clock = clock
        self._keep: Any = client.register_script(KEEP)

    def keep(self, content: bytes, asked: float) -> None:
        if len(content) > self._most:
            log.warning("the game data is too large for a copy in Redis", extra={"bytes": len(content)})
            return
        digest = hashlib.sha256(content).hexdigest()
        try:
            if self._tell(asked, digest, b"") == WANTED:
                self._tell(asked, digest, content)
        except redis.RedisError as error:
            log.warning("no copy of the game data was kept in Redis: %s", error)

    def load(self) -> bytes | None:
        try:
            return self._checked()
        except redis.RedisError as error:
            log.warning("no copy of the game data was read from Redis: %s", error)
            return None

    def _tell(self, asked: float, digest: str, body: bytes) -> Any:
        age = max(0, round((self._clock() - asked) * 1_000_000))
        return self._keep(keys=[KEY], args=[age, digest, body])

    def _checked(self) -> bytes | None:
        size: Any = self._redis.hstrlen(KEY, "body")
        if not 0 < size <= self._most:
            return None
        found: Any = self._redis.hmget(KEY, ["body", "digest"])
        body, digest = found
        if body is None or hashlib.sha256(body).hexdigest().encode() != digest:
            log.error("the copy of the game data in Redis is damaged")
            return None
        return bytes(body)


class FileCopy:
    """A copy for this worker and those that share its folder: for when Redis is empty, too."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, content: bytes, asked: float) -> None:  # noqa: ARG002  # what all copies take
        try:
            gevent.get_hub().threadpool.apply(write_whole, (self._path, content))
        except OSError as error:
            log.warning("no copy of the game data was kept in a file: %s", error)

    def load(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.error("the copy of the game data cannot be read: %s", error)
            return None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old or the new content, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as fresh:  # several workers may write
        fresh.write(content)
    Path(fresh.name).replace(path)
