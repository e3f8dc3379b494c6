"""Which processes belong to which, so that a test can tell that none is left."""

import ctypes
import sys
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


@dataclass(frozen=True)
class Found:
    """A process; the time of its start tells it from a later one with the same id."""

    pid: int
    begun: int
    parent: int
    name: str


def adopt_orphans() -> None:
    """Make processes whose parent died children of this one, so that they cannot hide."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def living() -> list[Found]:
    """Return all processes that run; those that ended and were not waited for do not count."""
    entries = (_read(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit())
    return [found for found in entries if found]


def descendants(pid: int) -> set[Found]:
    """Return the living children of ``pid``, their children, and so on."""
    children: dict[int, list[Found]] = {}
    for found in living():
        children.setdefault(found.parent, []).append(found)
    result: set[Found] = set()
    queue = [pid]
    while queue:
        for child in children.get(queue.pop(), ()):
            result.add(child)
            queue.append(child.pid)
    return result


def still_living(processes: set[Found]) -> list[str]:
    """Return the names and ids of those of ``processes`` that run yet, whoever is their parent now."""
    now = {(found.pid, found.begun) for found in living()}
    return [f"{found.name} {found.pid}" for found in processes if (found.pid, found.begun) in now]


def _read(folder: Path) -> Found | None:
    try:
        before, _, after = (folder / "stat").read_text(errors="replace").rpartition(")")
    except OSError:
        return None  # it has just ended
    fields = after.split()  # state, parent, ... ; the start time is field 22 of proc(5)
    name = before.partition("(")[2]
    return None if fields[0] in "ZX" else Found(int(folder.name), int(fields[19]), int(fields[1]), name)
