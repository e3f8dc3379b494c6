"""The log files of the processes: cut at the start, moved aside when they grow too large, shown as they grow."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import gevent

POLL_SECONDS = 0.1
CHUNK_BYTES = 256 * 1024


@dataclass
class Tail:
    """How far one log file was read. ``rest`` is a line that has no end yet."""

    path: Path
    offset: int = 0
    rest: bytes = b""

    def lines(self) -> list[str]:
        """Return the whole lines that were written since the last call, at most CHUNK_BYTES."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read(CHUNK_BYTES)
        self.offset += len(data)
        *lines, rest = (self.rest + data).split(b"\n")
        if len(rest) > CHUNK_BYTES:
            lines, rest = [*lines, rest], b""
        self.rest = rest
        return [line.decode(errors="replace") for line in lines]

    def skip(self) -> None:
        """Go to the end of the file."""
        self.offset = self.path.stat().st_size if self.path.exists() else 0
        self.rest = b""


class LogFiles:
    """The log files of all processes by name."""

    def __init__(self, files: Mapping[str, Path], limit: int, show: Callable[[str, str], None] | None) -> None:
        """``show(name, line)`` gets each new line; None shows nothing. ``limit`` is in bytes, for each file."""
        self._tails = {name: Tail(path) for name, path in files.items()}
        self._limit = limit
        self._show = show

    def begin(self) -> None:
        """Move the files of an earlier run aside."""
        for tail in self._tails.values():
            move_aside(tail.path)

    def skip(self) -> None:
        """Do not show what was written so far."""
        for tail in self._tails.values():
            tail.skip()

    def run(self) -> None:
        """Show what is written and keep the files small, until killed."""
        while True:
            self.poll()
            gevent.sleep(POLL_SECONDS)

    def poll(self) -> None:
        """One step of ``run``."""
        for name, tail in self._tails.items():
            if self._show:
                for line in tail.lines():
                    self._show(name, line)
            if tail.path.exists() and tail.path.stat().st_size > self._limit:
                move_aside(tail.path)
                tail.skip()


def move_aside(path: Path) -> None:
    """Keep the content of ``path`` as ``path.1`` and empty it.

    It is copied, because the process that writes holds the file open; it appends, so it goes on at the start.
    """
    if path.exists() and path.stat().st_size:
        shutil.copyfile(path, path.with_name(f"{path.name}.1"))
        with path.open("r+b") as file:
            file.truncate(0)
