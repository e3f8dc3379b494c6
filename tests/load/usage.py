"""How much CPU time and memory processes use, from proc(5)."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.process_tree import descendants

QUIET_CORES = 0.3
"""Cores that an idle system and a quiet machine use."""
TICKS = os.sysconf("SC_CLK_TCK")

Figures = dict[str, float]
"""A number for each service, such as gate or mysql."""


def kind_of(name: str) -> str:
    """Return the service that a process belongs to: ``gate`` for ``gate-0``."""
    return name.partition("-")[0]


class Usage:
    """Looks at the processes of a system, each with its children, such as the workers of gunicorn."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        """``processes`` is name -> process id."""
        self._families = [(kind_of(name), pid, [found.pid for found in descendants(pid)])
                          for name, pid in processes.items()]

    def cpu_seconds(self) -> Figures:
        """Return the CPU seconds that each service has used so far."""
        return self._sums(cpu_seconds)

    def megabytes(self) -> Figures:
        """Return the resident memory of each service in MiB."""
        return self._sums(resident_megabytes)

    def _sums(self, measure: Callable[[int], float]) -> Figures:
        sums: Figures = {}
        for kind, pid, children in self._families:
            sums[kind] = sums.get(kind, 0.0) + sum(measure(one) for one in (pid, *children))
        return sums


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_megabytes(pid: int) -> float:
    """Return VmRSS of a process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def machine_seconds() -> float:
    """Return the CPU seconds that all processes of the machine have used so far."""
    user, nice, system, _, _, irq, soft_irq = Path("/proc/stat").read_text().split()[1:8]
    return sum(int(ticks) for ticks in (user, nice, system, irq, soft_irq)) / TICKS


def wait_quiet(seconds: float) -> None:
    """Wait until the machine is all but idle for a second, ``seconds`` at most."""
    deadline = time.monotonic() + seconds
    while (begun := time.monotonic()) < deadline:
        used = machine_seconds()
        time.sleep(1)
        if machine_seconds() - used < QUIET_CORES * (time.monotonic() - begun):
            return


def difference(after: Figures, before: Figures) -> Figures:
    """Return how much each service has used in between."""
    return {kind: value - before.get(kind, 0.0) for kind, value in after.items()}
