"""What people see: lines on the terminal, the logs of all processes with a prefix each, and the table of addresses."""

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from gevent.select import select

from apps.local.processes import Managed

COLOURS = tuple(f"\033[{code}m" for code in (36, 32, 33, 35, 34, 31, 96, 92, 93, 95, 94, 91))
READER_SECONDS = 1.0
BOLD, RESET = "\033[1m", "\033[0m"


class Console:
    """Prints lines, in colour on a terminal. A terminal that has gone away is no reason to stop."""

    def __init__(self, stream: TextIO = sys.stdout, *, plain: bool = False) -> None:
        """``plain`` keeps colours off even on a terminal."""
        self._stream = stream
        self._gone = False
        self.colour = stream.isatty() and not plain

    def say(self, text: str) -> None:
        """Print a line of the local system itself."""
        self.write(f"{BOLD}{text}{RESET}" if self.colour else text)

    def write(self, text: str) -> None:
        """Print ``text`` and a line end."""
        if self._gone or not self._takes_more():
            return
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # the reader of the pipe or the terminal is gone
            self._gone = True
            self._lead_nowhere()

    def _takes_more(self) -> bool:
        """Whether the reader is there; one that stands still (``less``, Ctrl-S) must not hold up anything else."""
        try:
            return bool(select([], [self._stream], [], READER_SECONDS)[1])
        except (OSError, ValueError):  # not a file, such as a buffer in memory
            return True

    def _lead_nowhere(self) -> None:
        """What the stream still holds would make the end of the process fail."""
        with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), self._stream.fileno())


class Prefixes:
    """A prefix for the lines of each process, padded to one width, each in its own colour."""

    def __init__(self, names: Sequence[str], *, colour: bool) -> None:
        width = max(map(len, names))
        self._texts = {
            name: f"{COLOURS[i % len(COLOURS)]}{name:<{width}} |{RESET} " if colour else f"{name:<{width}} | "
            for i, name in enumerate(names)
        }

    def __call__(self, name: str) -> str:
        return self._texts[name]


def address_table(units: Sequence[Managed], addresses: Mapping[str, str]) -> str:
    """Return a line for each process: name, process id, address and operations pages."""
    rows = [("process", "pid", "address", "state and metrics")]
    rows += [(unit.name, str(unit.pid), addresses.get(unit.name, ""), f"{unit.ops}/readyz" if unit.ops else "")
             for unit in units]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(f"  {line}" for line in lines)
