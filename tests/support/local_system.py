"""The whole system as a user starts it: ``python -m apps.local`` in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apps.local.processes import ROOT
from tests.support.process_tree import Found, descendants
from tests.support.waiting import wait_for

START_SECONDS = 90.0
STOP_SECONDS = 60.0


class LocalSystem:
    """Starts, asks and stops one local system; ``seconds`` is how long the latest start took."""

    def __init__(self, data: Path, *arguments: str, base_port: int = 0, output: str = "output") -> None:
        """``output`` is the name of the file beside ``data`` that gets what it prints."""
        self.data = data
        self.seconds = 0.0
        self.process: subprocess.Popen[bytes] | None = None
        self._command = [sys.executable, "-m", "apps.local", f"--base-port={base_port}", f"--data-dir={data}",
                         "--follow=false", *arguments]
        self._output = data.with_name(output)

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def output(self) -> str:
        """What it printed since its latest start, errors included."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    @property
    def endpoints(self) -> dict[str, Any]:
        """The content of endpoints.json; empty when there is none."""
        try:
            return dict(json.loads((self.data / "endpoints.json").read_text()))
        except FileNotFoundError:
            return {}

    def launch(self, variables: Mapping[str, str] | None = None) -> None:
        """Start the process without waiting, with further ``variables`` in its environment."""
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(self._command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT, env={**os.environ, **(variables or {})})

    def start(self, variables: Mapping[str, str] | None = None) -> "LocalSystem":
        """Start it and wait until everything is ready."""
        begun = time.monotonic()
        self.launch(variables)
        wait_for(lambda: self.endpoints or self._ended(), START_SECONDS, f"the system to be ready: {self.output}")
        assert self.endpoints, self.output
        self.seconds = time.monotonic() - begun
        return self

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Wait until it ends and return its exit code."""
        assert self.process
        return self.process.wait(seconds)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end and return its exit code."""
        os.kill(self.pid, number)
        return self.wait()

    def pid_of(self, name: str) -> int:
        """Process id of one of its processes, such as ``worker-0``; 0 when it has none of this name."""
        processes = self.endpoints.get("processes", ())
        return next((int(process["pid"]) for process in processes if process["name"] == name), 0)

    def processes(self) -> set[Found]:
        """All processes below it, gunicorn's workers included."""
        return descendants(self.pid)

    def clean_up(self) -> None:
        """End it if it still runs; for the end of a test, whatever happened."""
        if self.process is None or self.process.poll() is not None:
            return
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None
