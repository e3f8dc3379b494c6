"""Files that only their owner may read, and the lock of a data folder."""

import fcntl
import os
import secrets
import shutil
import tempfile
from pathlib import Path


class DataFolderInUseError(Exception):
    """Another local system runs on this data folder."""


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` in one step, readable by its owner only."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def kept_secret(path: Path) -> str:
    """Return the random secret in ``path``, made at the first call: 43 characters of ``A-Za-z0-9_-``."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32) + "\n")
    return path.read_text("utf-8").strip()


class FolderLock:
    """Held by the one local system that runs on a data folder. The kernel frees it when its holder dies."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / "lock"
        self._descriptor = -1

    def acquire(self) -> None:
        """Take the lock, or raise DataFolderInUseError that names the holder."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode().strip() or "unknown"
            os.close(descriptor)
            raise DataFolderInUseError(
                f"a local system with process id {holder} already runs on {self._path.parent}; "
                "stop it, or give another --data-dir (and another --base-port)"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; the file stays, because removing it would race with the next holder."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def remove_tree(folder: Path) -> None:
    """Remove ``folder`` and what is in it, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)
