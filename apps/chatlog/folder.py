"""The folder of the log: writes entries to their files, removes old files, belongs to one process at a time."""

import fcntl
import os
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import orjson

from apps.chatlog.day_file import DayFile
from apps.chatlog.entries import Entry, Key

DAY = r"(\d{4}-\d\d-\d\d)\.jsonl\.gz"
LOCK, PLACE = ".lock", ".place"
OPEN_FILES = 1000


class Place(NamedTuple):
    """How far the log has come: number and time (nanoseconds since 1970) of the latest message that is on the disk."""

    number: int
    time: int


class Outcome(NamedTuple):
    """How many entries were new, the keys of all that are on the disk now, and why not all of them are."""

    new: int
    safe: set[Key]
    failure: OSError | None


class Folder:
    """Its functions wait for the disk: call them in a thread, one at a time. They raise OSError."""

    def __init__(self, root: Path, remember: int, prefix: str = "") -> None:
        """``remember`` is how many messages of a file may come again.

        The names of the files begin with ``prefix``; those of another one belong to somebody else.
        """
        self._root = root
        self._remember = remember
        self._old = re.compile(re.escape(prefix) + DAY)
        self._lock_path = root / f"{LOCK}{prefix and '-'}{prefix.rstrip('-')}"
        self._files: dict[str, DayFile] = {}
        self._lock: int | None = None

    def take(self) -> bool:
        """Make the folder this process's own; False while another one has it."""
        if self._lock is not None:
            return True
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._lock = handle
        return True

    def release(self) -> None:
        """Let another process have the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def write(self, entries: Sequence[Entry]) -> Outcome:
        """Write entries to their files. A file that cannot be written does not keep the others from it."""
        by_file: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            by_file[entry.file].append(entry)
        new, safe, failure = 0, set(), None
        for name, found in by_file.items():
            try:
                new += self._file(name).append(found)
            except OSError as error:
                failure = error
            else:
                safe |= {entry.key for entry in found}
        return Outcome(new, safe, failure)

    def place(self) -> Place | None:
        """Return how far the log has come; None when that is not known."""
        try:
            number, time = orjson.loads((self._root / PLACE).read_bytes())
            return Place(int(number), int(time))
        except (FileNotFoundError, TypeError, ValueError):
            return None

    def note_place(self, place: Place) -> None:
        """Keep how far the log has come, whatever ends in this moment."""
        unfinished = self._root / f"{PLACE}.new"
        unfinished.write_bytes(orjson.dumps([*place]))
        unfinished.replace(self._root / PLACE)

    def remove_old(self, today: date, days: int) -> list[str]:
        """Remove the files of days that are more than ``days`` ago; return their names."""
        first = today - timedelta(days=days)
        removed = []
        for path in sorted(self._root.glob("*/*.jsonl.gz")):
            found = self._old.fullmatch(path.name)
            if found and found[1] < first.isoformat():
                path.unlink()
                name = f"{path.parent.name}/{path.name}"
                self._files.pop(name, None)
                removed.append(name)
        return removed

    def _file(self, name: str) -> DayFile:
        if name not in self._files:
            if len(self._files) >= OPEN_FILES:
                del self._files[next(iter(self._files))]
            self._files[name] = DayFile(self._root / name, self._remember)
        return self._files[name]
