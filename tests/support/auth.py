"""The auth service in its tests: as processes, and as apps with a clock of their own."""

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from apps.auth.app import build_app
from apps.auth.keyring import Keyring
from apps.auth.settings import AuthSettings
from apps.local.ports import free_port
from common.health import Health
from common.http_service import equip
from common.redis_client import PipelinedRedis
from tests.support.process_tree import descendants
from tests.support.waiting import wait_for

KEY = "key-of-the-auth-tests-0123456789abcdef"
PROJECT = Path(__file__).resolve().parents[2]


class AuthProcess:
    """``python -m apps.auth``; its log goes to a file."""

    def __init__(self, folder: Path, redis_url: str, *arguments: str) -> None:
        self.port = free_port()
        self.log = folder / f"auth-{self.port}.log"
        self._command = [sys.executable, "-m", "apps.auth", f"--port={self.port}", f"--redis-url={redis_url}",
                         "--redis-timeout=0.5", "--log-level=debug", *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {"PATH": os.environ["PATH"], "JWT_KEY": KEY}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(self._command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
        wait_for(self.ready)

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=10)

    def kill(self) -> None:
        """End it whatever its state; gunicorn's worker follows its master."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=10)

    def signal(self, number: int) -> None:
        """Send a signal to the process and its children."""
        assert self._process is not None
        for pid in (self._process.pid, *(found.pid for found in descendants(self._process.pid))):
            os.kill(pid, number)

    def die(self) -> None:
        """End it at once, as kill -9 does."""
        self.signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(timeout=10)

    def ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def get(self, path: str) -> tuple[int, Any]:
        status, body = self._request("GET", path, None)
        return status, json.loads(body)

    def text(self, path: str) -> str:
        """Return a page as it is."""
        return self._request("GET", path, None)[1].decode()

    def post(self, path: str, **fields: Any) -> tuple[int, Any]:
        status, body = self._request("POST", path, json.dumps(fields))
        return status, json.loads(body)

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


Start = Callable[..., AuthProcess]


@contextmanager
def processes(folder: Path, redis_url: str) -> Iterator[Start]:
    """Give a function that starts an auth process with the given options; all end with the test."""
    started: list[AuthProcess] = []

    def start(*arguments: str) -> AuthProcess:
        started.append(AuthProcess(folder, redis_url, *arguments))
        started[-1].start()
        return started[-1]

    try:
        yield start
    finally:
        for process in started:
            process.kill()


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Service:
    """An auth app with a clock and a Redis connection of its own."""

    def __init__(self, url: str, jwt_key: str = KEY, **options: Any) -> None:
        settings = AuthSettings(redis_url=url, jwt_key=jwt_key, **options)
        self.clock = Clock()
        self.redis = PipelinedRedis(url)
        self.redis.start()
        app = build_app(settings, Keyring.parse(jwt_key), self.redis, self.clock, secrets.token_hex)
        self.client: FlaskClient = equip(app, Health(), settings).test_client()

    def post(self, path: str, **fields: Any) -> tuple[int, Any]:
        answer = self.client.post(path, json=fields)
        return answer.status_code, answer.json

    def issue(self, uid: str, **fields: Any) -> str:
        status, body = self.post("/issue_token", uid=uid, **fields)
        assert (status, list(body)) == (200, ["token"])
        token: str = body["token"]
        return token

    def accepts(self, token: str) -> bool:
        status, body = self.post("/validate_token", token=token)
        assert status == 200
        assert body["status"] == 0 or body == {"status": 1}
        return bool(body["status"] == 0)


class Services:
    """Makes auth apps, all on one Redis."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[Service] = []

    def __call__(self, **options: Any) -> Service:
        self._made.append(Service(self._url, **options))
        return self._made[-1]

    def stop(self) -> None:
        for service in self._made:
            service.redis.flushall()
            service.redis.stop()


@contextmanager
def services(url: str) -> Iterator[Services]:
    """Make auth apps that end, with all that they stored, with the test."""
    maker = Services(url)
    try:
        yield maker
    finally:
        maker.stop()
