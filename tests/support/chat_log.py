"""A chat log as a process, for tests that kill it and read its files."""

import gzip
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import orjson

from apps.local.ports import free_port
from common import subjects
from tests.support.edge import ROOT


class ChatLog:
    """A chat log in a process of its own."""

    def __init__(self, nats_url: str, folder: Path, *options: str) -> None:
        self.folder = folder
        self.ops_port = free_port()
        self._command = [sys.executable, "-m", "apps.chatlog", f"--nats-url={nats_url}", f"--log-dir={folder}",
                         f"--ops-port={self.ops_port}", "--collect-seconds=0.05", "--ack-seconds=1",
                         "--retry-seconds=0.1", "--look-seconds=0.2", "--log-format=text", *options]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "ChatLog":
        self._process = subprocess.Popen(self._command, cwd=ROOT, stderr=subprocess.DEVNULL)
        return self

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.send_signal(number)
        return process.wait(20)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ops_port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except OSError:
            return False

    def page(self, name: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ops_port}/{name}", timeout=5) as answer:
            return str(answer.read().decode())

    def lines(self, world: str) -> list[dict[str, Any]]:
        return self._lines(world, "2*.jsonl.gz")

    def reports(self, world: str) -> list[dict[str, Any]]:
        try:
            return self._lines(world, "reports-2*.jsonl.gz")
        except (EOFError, gzip.BadGzipFile):
            return []

    def texts(self, world: str) -> list[str]:
        try:
            return [str(line["text"]) for line in self.lines(world)]
        except (EOFError, gzip.BadGzipFile):
            return []  # a piece is being written at this moment

    def _lines(self, world: str, pattern: str) -> list[dict[str, Any]]:
        files = sorted((self.folder / subjects.encode(world)).glob(pattern))
        return [orjson.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
