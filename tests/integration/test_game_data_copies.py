"""The copy of the game data in a real Redis, and a worker that starts from it while config is away."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from apps.local.backends import Valkey
from apps.local.ports import HOST, free_port
from apps.local.processes import ROOT
from apps.worker.game_data_copies import KEY, RedisCopy
from common.redis_client import PipelinedRedis
from tests.support.gate import Gate, ask
from tests.support.local_system import LocalSystem
from tests.support.waiting import wait_for

MOST = 1000
OLD, NEW = b'{"a":1}', b'{"a":2}'


@pytest.fixture
def redis(redis_server: Valkey) -> Iterator[PipelinedRedis]:
    client = PipelinedRedis(redis_server.url)
    client.start()
    client.delete(KEY)
    yield client
    client.delete(KEY)
    client.stop()


@pytest.fixture
def copy(redis: PipelinedRedis) -> RedisCopy:
    return RedisCopy(redis, MOST)


def test_what_was_kept_is_there_for_all(redis: PipelinedRedis, copy: RedisCopy) -> None:
    assert copy.load() is None
    copy.keep(OLD, time.monotonic())
    assert RedisCopy(redis, MOST).load() == OLD


def test_what_config_said_earlier_replaces_nothing(copy: RedisCopy) -> None:
    asked = time.monotonic()
    copy.keep(NEW, asked)
    copy.keep(OLD, asked - 0.5)
    assert copy.load() == NEW
    copy.keep(OLD, time.monotonic())  # config went back to it
    assert copy.load() == OLD


def test_saying_the_same_again_makes_it_newer(copy: RedisCopy) -> None:
    asked = time.monotonic()
    copy.keep(NEW, asked - 2)
    copy.keep(NEW, asked)
    copy.keep(OLD, asked - 1)
    assert copy.load() == NEW


def test_there_is_a_limit(redis: PipelinedRedis, copy: RedisCopy) -> None:
    copy.keep(b"x" * MOST, time.monotonic())
    assert copy.load() == b"x" * MOST
    copy.keep(b"y" * (MOST + 1), time.monotonic())
    assert copy.load() == b"x" * MOST
    assert RedisCopy(redis, MOST - 1).load() is None
    assert RedisCopy(redis, 0).load() is None


@pytest.mark.parametrize("damage", [{"body": b'{"a":3}'}, {"digest": "0"}, {"body": b""}])
def test_a_damaged_copy_is_none(redis: PipelinedRedis, copy: RedisCopy, damage: dict[Any, Any]) -> None:
    copy.keep(OLD, time.monotonic())
    redis.hset(KEY, mapping=damage)
    assert copy.load() is None


def test_a_copy_without_a_digest_is_none(redis: PipelinedRedis, copy: RedisCopy) -> None:
    redis.hset(KEY, "body", OLD)
    assert copy.load() is None


def test_an_absent_redis_is_no_error() -> None:
    copy = RedisCopy(PipelinedRedis("redis://127.0.0.1:1/0", timeout=0.1), MOST)
    copy.keep(OLD, time.monotonic())
    assert copy.load() is None


def test_the_digest_is_that_of_the_body(redis: PipelinedRedis, copy: RedisCopy) -> None:
    copy.keep(OLD, time.monotonic())
    found: Any = redis.hgetall(KEY)
    assert found[b"digest"].decode() == hashlib.sha256(found[b"body"]).hexdigest()


class Worker:
    """``python -m apps.worker`` beside a running system, with a subject of its own and a config that is away."""

    def __init__(self, endpoints: dict[str, Any], folder: Path) -> None:
        self.subject = "jobs-without-config"
        self._ops_port = free_port()
        options = {"ops-port": self._ops_port, "jobs-subject": self.subject, "config-copy": folder / "copy.json",
                   "config-url": f"http://{HOST}:{free_port()}",
                   **{f"{name}-url": endpoints[name] for name in ("nats", "redis", "mysql", "auth", "mail")}}
        self._command = [sys.executable, "-m", "apps.worker", *(f"--{name}={value}" for name, value in options.items())]
        self.log = folder / "worker.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, env=os.environ, stdout=log, stderr=log)
        wait_for(self.state, what="the worker")

    def state(self) -> dict[str, Any]:
        """Return what /readyz says of the game data, ready or not."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self._ops_port}/readyz", timeout=5) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read()
        except OSError:
            return {}
        return dict(json.loads(text)["checks"].get("game_data", {}))

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)


@contextmanager
def gate_for(subject: str, endpoints: dict[str, Any], folder: Path) -> Iterator[Gate]:
    gate = Gate(folder, nats_port=0, redis_port=0, nats_url=endpoints["nats"], redis_url=endpoints["redis"],
                jobs_subject=subject)
    try:
        gate.start()
        yield gate
    finally:
        gate.kill()


def test_a_fresh_worker_serves_while_config_is_away(local_system: LocalSystem, tmp_path: Path) -> None:
    worker = Worker(local_system.endpoints, tmp_path)
    try:
        worker.start()
        wait_for(lambda: worker.state().get("ok"), what="game data from Redis")
        with gate_for(worker.subject, local_system.endpoints, tmp_path) as gate:
            answer = json.loads(ask(gate.port, b'{"function":"login_unique","data":{"unique_id":"without-config"}}'))
            assert answer["status"] in (0, 1)
    finally:
        worker.stop()
    assert not (tmp_path / "copy.json").exists()
