"""Exceptions that nobody expected, as the logs of the processes show them."""

import re
from pathlib import Path

UNEXPECTED = re.compile(r"^Traceback \(most recent call last\)| CRITICAL ", re.MULTILINE)
EXCEPTION = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|Timeout)\b.*$", re.MULTILINE)
SHOWN = 160


class LogWatch:
    """Reads what was added to the logs since the latest look."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def look(self) -> list[str]:
        """Describe the new tracebacks of each log."""
        return [f"{path.stem}: {text}" for path in sorted(self._folder.glob("*.log")) if (text := self._new(path))]

    def _new(self, path: Path) -> str:
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            added = file.read()
            self._read[path] = file.tell()
        return describe(added.decode(errors="replace"))


def describe(text: str) -> str:
    """Return how many tracebacks a piece of log holds and the last line of the first; empty when there are none."""
    found = list(UNEXPECTED.finditer(text))
    if not found:
        return ""
    first = EXCEPTION.search(text, found[0].start())
    return f"{len(found)} tracebacks in the log, first: {first[0][:SHOWN] if first else '?'}"
