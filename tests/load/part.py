"""A process of the benchmark that takes an order from its standard input and prints its result."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from apps.local.processes import ROOT

RESULT_SECONDS = 60.0


class PartError(Exception):
    """A process of the benchmark failed."""


class Part:
    """``python ARGUMENTS``, which reads one JSON object and prints one."""

    def __init__(self, arguments: list[str], order: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode())
        self._process.stdin.close()
        self._process.stdin = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def result(self, seconds: float) -> dict[str, Any]:
        """Wait for the result. Raises PartError."""
        try:
            output, _ = self._process.communicate(timeout=seconds)
            found: dict[str, Any] = json.loads(output)
        except (subprocess.TimeoutExpired, ValueError) as error:
            raise PartError(f"{self._process.args!r}: {error}") from error
        finally:
            self.kill()
        return found

    def kill(self) -> None:
        """End the process if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
