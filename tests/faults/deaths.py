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
        if number is None:
            texts.append(f"{death.name} ended by itself with {death.how}")
        elif death.how != (CLEAN if number == signal.SIGTERM else signal.Signals(number).name):
            texts.append(f"{death.name} ended with {death.how} after {signal.Signals(number).name}")
    return texts
