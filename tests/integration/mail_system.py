"""Mail processes for tests."""

import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from apps.worker.mail_client import MailClient
from common.http_client import JsonClient
from tests.support.process_tree import descendants
from tests.support.waiting import wait_for

PROJECT = Path(__file__).resolve().parents[2]
MAIL: dict[str, Any] = {"type": "0", "from": "ada", "subj": "hello", "body": "text"}
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
NUMBERS = itertools.count(1)


def new_uid() -> str:
    return f"uid{next(NUMBERS):08d}"


class MailProcess:
    """``python -m apps.mail`` in a process group of its own; its log goes to a file beside the root."""

    def __init__(self, root: Path, *arguments: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port: int = server.getsockname()[1]
        self.root = root
        self.log = root.parent / f"mail-{self.port}.log"
        self._command = [sys.executable, "-m", "apps.mail", f"--port={self.port}", f"--mail-root={root}", *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> "MailProcess":
        """Start it without waiting until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=PROJECT, env={"PATH": os.environ["PATH"]},
                                             stdout=log, stderr=log, start_new_session=True)
        return self

    def start(self) -> "MailProcess":
        self.launch()
        wait_for(self.ready, what="the mail process")
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def serving_pid(self) -> int:
        """The process that serves: gunicorn's worker."""
        return wait_for(lambda: [found.pid for found in descendants(self.pid)], what="a worker of gunicorn")[0]

    def signal_all(self, number: int) -> None:
        os.killpg(self.pid, number)

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=20)

    def wait(self) -> int:
        assert self._process is not None
        return self._process.wait(timeout=20)

    def kill(self) -> None:
        """End it at once, whatever its state."""
        if self._process is not None and self._process.poll() is None:
            self.signal_all(signal.SIGKILL)
            self._process.wait(timeout=10)
        self._process = None

    def ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def get(self, path: str) -> tuple[int, Any]:
        return self.request("GET", path, None, JSON)

    def post(self, path: str, **fields: Any) -> tuple[int, Any]:
        return self.request("POST", path, json.dumps(fields), JSON)

    def post_form(self, path: str, **fields: str) -> tuple[int, Any]:
        return self.request("POST", path, urlencode(fields), FORM)

    def request(self, method: str, path: str, body: str | None, kind: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": kind})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if answer.headers["Content-Type"] == JSON else text.decode()
        finally:
            connection.close()


@contextmanager
def mail_client(root: Path) -> Iterator[MailClient]:
    """A mail process, as workers see it."""
    process = MailProcess(root)
    try:
        with closing_mails(f"http://127.0.0.1:{process.start().port}") as mails:
            yield mails
    finally:
        process.kill()


@contextmanager
def closing_mails(url: str) -> Iterator[MailClient]:
    """Mails by a service at this address, whether anybody listens there or not."""
    http = JsonClient("mail", [url], timeout=5, connections=2)
    try:
        yield MailClient(http, lanes=1, batch=8)
    finally:
        http.stop()


class Box:
    """One player's mailbox, through a mail process."""

    def __init__(self, service: MailProcess, uid: str = "", world: str = "s1") -> None:
        self.service = service
        self.uid = uid or new_uid()
        self.world = world
        self.folder = service.root / world / self.uid

    def call(self, path: str, **fields: Any) -> tuple[int, Any]:
        return self.service.post(path, world=self.world, uid=self.uid, **fields)

    def ask(self, path: str, **fields: Any) -> Any:
        """Return the answer of a request that must succeed."""
        status, answer = self.call(path, **fields)
        assert (status, answer["status"]) == (200, 0), answer
        return answer

    def send(self, key: str | None = None, **changes: Any) -> str:
        answer = self.ask("/send", mail=MAIL | changes, **({} if key is None else {"key": key}))
        assert answer == {"status": 0, "uid": self.uid, "key": key or answer["key"]}
        return str(answer["key"])

    def mails(self) -> list[dict[str, Any]]:
        mails: list[dict[str, Any]] = self.ask("/all")["mail"]
        return mails

    def through(self, service: MailProcess) -> "Box":
        """The same box, through another process."""
        return Box(service, self.uid, self.world)
