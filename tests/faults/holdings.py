"""What processes hold between two cases, when no client is there: sockets and memory that only grow are a leak."""

from time import monotonic

import gevent

from tests.faults.processes import Processes, memory, sockets

MOST_SOCKETS = 40
"""More sockets than at the first look; connection pools fill up to what the load needed at once."""
POOLS = {"worker": 128}
"""Kind -> as many more, because an overload fills the pools of MySQL (32 and 32) and of one HTTP service (64)."""
MOST_MEMORY = 48 * 1024 * 1024
SECONDS = 3.0
"""Time for what is to pass: a gate keeps connections for half a second after their last byte."""
POLL_SECONDS = 0.3
BACKENDS = ("nats", "redis", "mysql")


class Holdings:
    """Compares each process with what it held at the first look at it."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._first: dict[int, tuple[int, int]] = {}
        self._count = 0

    def look(self) -> tuple[list[str], dict[str, list[int]]]:
        """Return the problems that do not pass in a while, and for each process its sockets and its memory in MiB."""
        deadline = monotonic() + SECONDS
        problems, found = self._compare()
        while problems and monotonic() < deadline:
            gevent.sleep(POLL_SECONDS)
            problems, found = self._compare()
        return problems, found

    def _compare(self) -> tuple[list[str], dict[str, list[int]]]:
        problems: list[str] = []
        found: dict[str, list[int]] = {}
        for name in self._processes.names():
            tree = self._processes.tree(name)
            held = sum(len(sockets(pid)) for pid in tree), sum(map(memory, tree))
            found[name] = [held[0], held[1] >> 20]
            first = self._first.setdefault(tree[0], held) if tree else held
            problems += growth(name, first, held)
        return problems + self._strays(), found

    def _strays(self) -> list[str]:
        """The number of processes stays what it was."""
        everything = self._processes.all()
        self._count = self._count or len(everything)
        if len(everything) == self._count:
            return []
        return [f"{len(everything)} processes instead of {self._count}: {sorted(one.name for one in everything)}"]


def growth(name: str, first: tuple[int, int], now: tuple[int, int]) -> list[str]:
    """Describe what has grown too much: (sockets, bytes) at first and now."""
    problems: list[str] = []
    if name in BACKENDS:  # what they hold are the pools of the others
        return problems
    if now[0] > first[0] + MOST_SOCKETS + POOLS.get(name.rpartition("-")[0], 0):
        problems.append(f"{name} holds {now[0]} sockets, {first[0]} at first")
    if now[1] > first[1] + MOST_MEMORY:
        problems.append(f"{name} holds {now[1] >> 20} MiB, {first[1] >> 20} at first")
    return problems
