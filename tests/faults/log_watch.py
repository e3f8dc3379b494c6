"""Exceptions that nobody expected, as the logs of the processes show them."""

import re
from collections.abc import Sequence
from pathlib import Path

UNEXPECTED = re.compile(r"^Traceback \(most recent call last\)|^.* CRITICAL .*$", re.MULTILINE)
EXCEPTION = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|Timeout|Exit)\b.*$", re.MULTILINE)
SHOWN = 160


class LogWatch:
    """Reads what was added to the logs since the latest look."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def look(self, expected: Sequence[str] = ()) -> list[str]:
        """Describe the new tracebacks of each log, but for those whose last line has a text of ``expected``."""
        return [f"{path.stem}: {text}" for path in sorted(self._folder.glob("*.log"))
                if (text := describe(self._new(path), expected))]

    def _new(self, path: Path) -> str:
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            added = file.read()
            self._read[path] = file.tell()
        return added.decode(errors="replace")


def describe(text: str, expected: Sequence[str] = ()) -> str:
    """Return how many tracebacks a piece of log holds that are not ``expected``, and the last line of the first.

    Empty when there are none.
    """
    lines = [last_line(text, found) for found in UNEXPECTED.finditer(text)]
    lines = [line for line in lines if not any(known in line for known in expected)]
    return f"{len(lines)} tracebacks in the log, first: {lines[0][:SHOWN]}" if lines else ""


def last_line(text: str, found: re.Match[str]) -> str:
    """Return the line that says what a traceback is about; a critical line says it itself."""
    if not found[0].startswith("Traceback"):
        return found[0]
    last = EXCEPTION.search(text, found.end())
    return last[0] if last else "?"
