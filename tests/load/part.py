"""A process of the benchmark: it takes an order, gets ready, waits for the times to work, and prints its result."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.local.processes import ROOT

RESULT_SECONDS = 180.0


class PartError(Exception):
    """A process of the benchmark failed."""


@dataclass(frozen=True)
class Times:
    """When to begin, when to begin to count, and when to end, in seconds of the monotonic clock that all share."""

    begin: float
    measure_from: float
    end: float


class Part:
    """``python ARGUMENTS``, a program that calls ``take_part``."""

    def __init__(self, arguments: list[str], order: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.tell(order)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_ready(self) -> None:
        """Wait until it is ready. Raises PartError."""
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            raise PartError(f"{self._process.args!r} ended before it was ready")

    def go(self, times: Times) -> None:
        """Let it work."""
        self.tell(vars(times))

    def result(self) -> dict[str, Any]:
        """Wait for the result. Raises PartError."""
        try:
            output, _ = self._process.communicate(timeout=RESULT_SECONDS)
            found: dict[str, Any] = json.loads(output)
        except (subprocess.TimeoutExpired, ValueError) as error:
            raise PartError(f"{self._process.args!r}: {error}") from error
        return found

    def kill(self) -> None:
        """End the process if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def tell(self, value: object) -> None:
        """Write a line of JSON to it. Raises PartError when it has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(value) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise PartError(f"{self._process.args!r} has ended") from error


def take_part(prepare: Callable[[dict[str, Any]], Callable[[Times], Mapping[str, Any]]]) -> None:
    """Be such a process: ``prepare`` takes the order and returns what is to be done at the given times."""
    work = prepare(json.loads(sys.stdin.readline()))
    print("ready", flush=True)
    print(json.dumps(work(Times(**json.loads(sys.stdin.readline())))), flush=True)
