"""The system that is measured: started by the benchmark, and grown by further processes while it runs."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from apps.local.ports import HOST, free_port
from apps.local.processes import ROOT
from tests.load.usage import Usage
from tests.support.local_system import LocalSystem
from tests.support.waiting import wait_for

MANY = "1000000"
OPEN_HANDED = {
    "MAX_CONNECTIONS_PER_ADDRESS": MANY, "ADDRESS_RATE": MANY, "ADDRESS_BURST": MANY, "PLAYER_RATE": MANY,
    "PLAYER_BURST": MANY, "MESSAGES_PER_SECOND": MANY, "MESSAGE_BURST": MANY, "REGISTER_SECONDS": "60",
}
"""Limits that keep one client from taking too much: here one address, and few players, play all clients."""
READY_SECONDS = 30.0


class MeasuredSystem:
    """A running local system."""

    def __init__(self, local: LocalSystem) -> None:
        self._local = local
        self.endpoints: dict[str, Any] = local.endpoints
        self.processes: dict[str, int] = {entry["name"]: entry["pid"] for entry in self.endpoints["processes"]}

    @property
    def gates(self) -> list[tuple[str, int]]:
        """Where the gates listen."""
        return [_address(text) for text in self.endpoints["gates"]]

    @property
    def edge(self) -> tuple[str, int]:
        """Where the first edge listens."""
        return _address(self.endpoints["edge"])

    def usage(self) -> Usage:
        """Return something that looks at all processes which run now."""
        return Usage(self.processes)

    @contextmanager
    def another(self, name: str, like: str, **options: object) -> Iterator[dict[str, int]]:
        """Run one more process with the options of the process ``like``, but for its ports and the given ones.

        Yields its ports.
        """
        twin = Twin(self.processes[like], options)
        try:
            twin.wait_ready()
            self.processes[name] = twin.process.pid
            yield twin.ports
        finally:
            self.processes.pop(name, None)
            twin.stop()

    @contextmanager
    def workers(self, count: int) -> Iterator[None]:
        """Let ``count`` workers share the jobs."""
        twins = {f"worker-{number}": Twin(self.processes["worker-0"], {}) for number in range(1, count)}
        with ExitStack() as stack:
            for twin in twins.values():
                stack.callback(twin.stop)
            for name, twin in twins.items():  # they start side by side
                twin.wait_ready()
                self.processes[name] = twin.process.pid
                stack.callback(self.processes.pop, name)
            yield


class Twin:
    """A second process of a kind, with the first one's arguments and environment."""

    def __init__(self, pid: int, options: dict[str, object]) -> None:
        arguments = _words(Path(f"/proc/{pid}/cmdline"))[1:]
        names = [word.partition("=")[0] for word in arguments if word.partition("=")[0].endswith("-port")]
        self.ports = {name.strip("-").replace("-", "_"): free_port() for name in names}
        more = [f"--{name.replace('_', '-')}={value}" for name, value in {**self.ports, **options}.items()]
        environment = dict(word.split("=", 1) for word in _words(Path(f"/proc/{pid}/environ")) if "=" in word)
        self.process = subprocess.Popen([sys.executable, *arguments, *more], cwd=ROOT, env=environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_ready(self) -> None:
        """Wait until its /readyz says so."""
        wait_for(self._ready, READY_SECONDS, "one more process to be ready")

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.process.terminate()
        try:
            self.process.wait(READY_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _ready(self) -> bool:
        assert self.process.poll() is None, "one more process has ended at its start"
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.ports['ops_port']}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def running(arguments: list[str], folder: str | None) -> Iterator[MeasuredSystem]:
    """Run a system with these arguments of ``apps.local``, its data in a new folder below ``folder``."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=folder) as name:
        local = LocalSystem(Path(name) / "run", "--log-level=warning", *arguments)
        try:
            yield MeasuredSystem(local.start(OPEN_HANDED))
        finally:
            local.clean_up()


def machine() -> dict[str, object]:
    """Return what the figures depend on."""
    model = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return {"cpus": os.cpu_count(), "model": model[0] if model else "", "python": sys.version.split()[0],
            "kernel": os.uname().release, "load": json.dumps(os.getloadavg())}


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _words(path: Path) -> list[str]:
    return path.read_text(errors="surrogateescape").rstrip("\0").split("\0")
