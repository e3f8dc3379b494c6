"""One mailbox on disk: opened without following links, created durably, locked against other processes.

Everything is reached from descriptors of open folders, so that no name is looked up twice and a link that somebody puts
in the way is an error. What is here runs in threads of a pool: it neither logs nor counts.

``close`` is the one of the system: gevent's ``os.close`` leaves a folder open until the thread's event loop runs, and
the threads of a pool have none.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from posix import close

from apps.mail.checks import BoxName

TMP, NEW, CUR, TOMBSTONES = "tmp", "new", "cur", "tombstones"
FOLDERS = (TMP, NEW, CUR, TOMBSTONES)
LOCK = "lock"
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
LOCK_FLAGS = os.O_RDWR | os.O_NOFOLLOW
FOLDER_MODE = 0o700
FILE_MODE = 0o600


class BoxBusyError(Exception):
    """Another process works on this mailbox."""


class Box:
    """The open folders of a mailbox whose lock is held."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._folders: dict[str, int] = {}

    def folder(self, name: str) -> int:
        """Return the descriptor of one of FOLDERS; it is open as long as the box is."""
        if name not in self._folders:
            self._folders[name] = os.open(name, FOLDER_FLAGS, dir_fd=self._descriptor)
        return self._folders[name]

    def files(self, name: str) -> list[str]:
        """Return the names of all that is in a folder."""
        return os.listdir(self.folder(name))  # noqa: PTH208  # pathlib knows no descriptors

    def changed(self, name: str) -> tuple[int, int]:
        """Return when a file last came to a folder, left it or got another name, in nanoseconds of Unix time.

        The second number tells this folder from another one that took its place.
        """
        state = os.fstat(self.folder(name))
        return state.st_mtime_ns, state.st_ino

    def sync(self, *names: str) -> None:
        """Make what was done in these folders survive a power failure."""
        for name in names:
            os.fsync(self.folder(name))

    def move(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Rename a file; both places are (folder, name)."""
        os.rename(source[1], target[1], src_dir_fd=self.folder(source[0]), dst_dir_fd=self.folder(target[0]))

    def close(self) -> None:
        """Close the folders; what was got from ``folder`` is of no use any more."""
        for descriptor in self._folders.values():
            close(descriptor)


@contextmanager
def locked(root: str, name: BoxName) -> Iterator[Box]:
    """Open a mailbox and hold its lock.

    Raises FileNotFoundError when there is none (or it was never finished, see ``create``), BoxBusyError at once when
    the lock is taken, and OSError.
    """
    descriptor = _open_box(root, name)
    try:
        lock = os.open(LOCK, LOCK_FLAGS, dir_fd=descriptor)
        box = Box(descriptor)
        try:
            _take(lock)
            yield box
        finally:
            box.close()
            close(lock)
    finally:
        close(descriptor)


def exists(root: str, name: BoxName) -> bool:
    """Return whether the mailbox has a folder, finished or not."""
    try:
        close(_open_box(root, name))
    except FileNotFoundError:
        return False
    return True


def create(root: str, name: BoxName) -> None:
    """Create what is missing of a mailbox.

    The lock file comes last, when all folders would survive a power failure: it tells that the box is finished.
    """
    with _opened(root, os.O_RDONLY | os.O_DIRECTORY) as top:
        _make(top, name.world)
        with _opened(name.world, FOLDER_FLAGS, top) as world:
            _make(world, name.uid)
            with _opened(name.uid, FOLDER_FLAGS, world) as box:
                _make(box, *FOLDERS)
                close(os.open(LOCK, LOCK_FLAGS | os.O_CREAT, FILE_MODE, dir_fd=box))


def _open_box(root: str, name: BoxName) -> int:
    world = os.open(f"{root}/{name.world}", FOLDER_FLAGS)
    try:
        return os.open(name.uid, FOLDER_FLAGS, dir_fd=world)
    finally:
        close(world)


def _take(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BoxBusyError from error


def _make(parent: int, *names: str) -> None:
    """Create folders, durably even those that exist: whoever made them may have died before their parent was synced."""
    for name in names:
        with suppress(FileExistsError):
            os.mkdir(name, FOLDER_MODE, dir_fd=parent)
    os.fsync(parent)


@contextmanager
def _opened(path: str, flags: int, parent: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, flags, dir_fd=parent)
    try:
        yield descriptor
    finally:
        close(descriptor)
