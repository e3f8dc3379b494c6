"""What the local system tells of processes that ended, and which ends were not asked for."""

import re
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DIED = re.compile(r"^(\S+) \(process (\d+)\) died: (.+); starting it again", re.MULTILINE)
CLEAN = "exit code 0"


@dataclass(frozen=True)
class Death:
    """A process that ended, and how: ``SIGKILL`` or ``exit code 1``."""

    name: str
    pid: int
    how: str


def deaths(output: str) -> list[Death]:
    """Return all deaths that the output of the local system tells of."""
    return [Death(name, int(pid), how) for name, pid, how in DIED.findall(output)]


def unexpected(found: Iterable[Death], asked: Mapping[int, int]) -> list[str]:
    """Describe the deaths that do not fit ``asked``: process id -> signal that it was sent.

    A process that was asked to end (SIGTERM) has to end with exit code 0.
    """
    texts = []
    for death in found:
        number = asked.get(death.pid)
        allowed = {None: (), signal.SIGTERM: (CLEAN,)}.get(number, (signal.Signals(number or 9).name,))
        if death.how not in allowed:
            texts.append(f"{death.name} ended with {death.how}" + ("" if number is None else " after its signal"))
    return texts
