"""One file of the log: compressed pieces one after another, each complete and on the disk before the next begins.

Any gzip reader reads the whole file. A piece that a crash left half written is cut off before the file goes on; its
messages were not acknowledged and come again.
"""

import gzip
import logging
import os
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from apps.chatlog.entries import Entry, Key
from common.metrics import Counter

log = logging.getLogger(__name__)

REPAIRED = Counter("chatlog_repaired_total", "Files whose half written end was cut off")
UNREADABLE = Counter("chatlog_unreadable_lines_total", "Lines in files of the log that are none of its own")

GZIP = 31  # window bits of zlib for the gzip format
CHUNK = 1 << 20
LEVEL = 6


class DayFile:
    """Appends to a file, and knows the keys of its last lines."""

    def __init__(self, path: Path, remember: int) -> None:
        """Reads the file once and repairs it; ``remember`` is how many messages may come again. Raises OSError."""
        self._path = path
        self._keys: deque[Key] = deque(maxlen=remember)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._size = self._repair() if path.exists() else 0

    def append(self, entries: Sequence[Entry]) -> int:
        """Write what is not there yet and wait until the disk has it; return how much that was. Raises OSError.

        An entry may be among ``entries`` twice: JetStream gives a message out again while others are being collected.
        """
        known, each = set(self._keys), {entry.key: entry for entry in entries}
        new = [entry for key, entry in each.items() if key not in known]
        if new:
            self._write(gzip.compress(b"".join(entry.line + b"\n" for entry in new), LEVEL))
            self._keys.extend(entry.key for entry in new)
        return len(new)

    def _write(self, piece: bytes) -> None:
        is_new = not self._size
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.ftruncate(handle, self._size)  # what a write that failed has left
            os.lseek(handle, self._size, os.SEEK_SET)
            _write_all(handle, piece)
            os.fsync(handle)
        finally:
            os.close(handle)
        self._size += len(piece)
        if is_new:
            sync_folder(self._path.parent)
            sync_folder(self._path.parent.parent)

    def _repair(self) -> int:
        """Return the size of the part that is whole."""
        whole = strange = 0
        with self._path.open("rb") as file:
            while (piece := _read_piece(file.fileno(), whole)) is not None:
                lines, whole = piece
                strange += self._learn(lines.splitlines())
            size = os.fstat(file.fileno()).st_size
        if size > whole:
            os.truncate(self._path, whole)
            REPAIRED.inc()
        if strange:
            UNREADABLE.inc(strange)
            log.warning("a file has lines that are none of the log", extra={"file": str(self._path), "count": strange})
        return whole

    def _learn(self, lines: Sequence[bytes]) -> int:
        """Remember the keys of lines; return how many have none, because they are none of the log."""
        found = [key for line in lines if (key := _key(line))]
        self._keys.extend(found)
        return len(lines) - len(found)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of all whole pieces of a file, also while it is being written. Raises OSError."""
    whole = 0
    with path.open("rb") as file:
        while (piece := _read_piece(file.fileno(), whole)) is not None:
            lines, whole = piece
            yield from lines.splitlines()


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest):]


def _read_piece(handle: int, begin: int) -> tuple[bytes, int] | None:
    """Return the text of the piece that begins there and where it ends; None when it is not whole."""
    unpacker = zlib.decompressobj(GZIP)
    lines = []
    position = begin
    while not unpacker.eof:
        chunk = os.pread(handle, CHUNK, position)
        if not chunk:
            return None
        position += len(chunk)
        try:
            lines.append(unpacker.decompress(chunk))
        except zlib.error:
            return None
    return b"".join(lines), position - len(unpacker.unused_data)


def _key(line: bytes) -> Key | None:
    try:
        fields = orjson.loads(line)
        return fields["number"], fields["time"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
