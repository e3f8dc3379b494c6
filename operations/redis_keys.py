"""Redis: every key with its value and the moment when it ends, a JSON object a line, and back.

Values have the server's own form (DUMP), which servers of the same version or a later one read.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from gzip import GzipFile
from itertools import islice
from typing import Any

import orjson
import redis

BATCH = 500
TAKEN = "BUSYKEY"


def client(url: str, seconds: float) -> "redis.Redis":
    """Return a client that answers in bytes."""
    return redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds)


def save(server: "redis.Redis", file: GzipFile) -> dict[str, int]:
    """Write all keys to ``file``; return how many. A key that ends meanwhile is left out. Raises RedisError."""
    count = 0
    for batch in _batches(server.scan_iter(count=BATCH)):
        for line in _lines(server, batch):
            file.write(line)
            count += 1
    return {"keys": count}


def restore(server: "redis.Redis", lines: Iterable[bytes]) -> dict[str, int]:
    """Write all keys of ``lines``; return how many. One that is there already is newer and stays. Raises RedisError.

    What has ended since the backup does not come back.
    """
    restored = kept = 0
    for batch in _batches(map(orjson.loads, lines)):
        pipeline = server.pipeline(transaction=False)
        for entry in batch:
            pipeline.restore(b64decode(entry["key"]), entry["ends"], b64decode(entry["value"]), absttl=True)
        for result in pipeline.execute(raise_on_error=False):
            if isinstance(result, Exception) and not str(result).startswith(TAKEN):
                raise result
            kept += isinstance(result, Exception)
            restored += not isinstance(result, Exception)
    return {"keys": restored, "kept": kept}


def _lines(server: "redis.Redis", keys: list[bytes]) -> Iterator[bytes]:
    pipeline: Any = server.pipeline(transaction=False)  # its hints know keys as text only
    for key in keys:
        pipeline.dump(key)
        pipeline.pexpiretime(key)
    answers = iter(pipeline.execute())
    for key, value, ends in zip(keys, answers, answers, strict=False):
        if value is not None and ends != -2:
            entry = {"key": b64encode(key).decode(), "value": b64encode(value).decode(), "ends": max(0, ends)}
            yield orjson.dumps(entry) + b"\n"


def _batches(things: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(things)
    while batch := list(islice(rest, BATCH)):
        yield batch
