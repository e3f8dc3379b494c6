"""The folder of a backup: a file for each part, and ``manifest.json``, which says what is in them.

::

    {"format": 1, "begun": "2000-01-01T00:00:00Z", "ended": "...",
     "parts": {"database": {"player": 12}, "mail": {"boxes": 12, "files": 30}, "redis": {"keys": 80},
               "streams": {"CHAT": {"config": {}, "state": {}}}},
     "files": {"database.sql.gz": {"bytes": 1234, "sha256": "..."}}}

A folder with a manifest is whole: it gets its name when everything is on the disk.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATABASE, MAIL, REDIS, STREAMS = "database.sql.gz", "mail.tar.gz", "redis.jsonl.gz", "streams"
MANIFEST = "manifest.json"
FORMAT = 1


class BadBackupError(Exception):
    """The folder is no whole backup."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds."""

    begun: str
    ended: str
    parts: dict[str, Any]
    files: dict[str, dict[str, Any]]


def write(folder: Path, begun: str, ended: str, parts: dict[str, Any]) -> None:
    """Write the manifest of what is in ``folder``."""
    files = {str(path.relative_to(folder)): _described(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    content = {"format": FORMAT, "begun": begun, "ended": ended, "parts": parts, "files": files}
    (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    os.sync()


def read(folder: Path) -> Manifest:
    """Return the manifest after every file was compared with it. Raises BadBackupError."""
    try:
        content = json.loads((folder / MANIFEST).read_text("utf-8"))
        found = Manifest(content["begun"], content["ended"], content["parts"], content["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadBackupError(f"{folder} has no readable {MANIFEST}: {error}") from error
    if content["format"] != FORMAT:
        raise BadBackupError(f"{folder} has format {content['format']}, this program reads {FORMAT}")
    for name, expected in found.files.items():
        if not (folder / name).is_file() or _described(folder / name) != expected:
            raise BadBackupError(f"{name} is not what the backup wrote")
    return found


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
