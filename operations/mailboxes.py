"""The mailboxes: all boxes in one tar file, each copied while its lock is held, and back.

What was delivered but not finished (``tmp``) is left out: its delivery is in the outbox and is tried again.
"""

import os
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from gzip import GzipFile
from io import BytesIO
from pathlib import Path

from apps.mail import box
from apps.mail.box import CUR, NEW, TOMBSTONES, Box, BoxBusyError
from apps.mail.checks import BoxName, box_name

SAVED = (NEW, CUR, TOMBSTONES)
READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
PAUSE_SECONDS = 0.05


class MailNotEmptyError(Exception):
    """A backup is only restored into a folder without mailboxes."""


class BadArchiveError(Exception):
    """The file holds something that is no mail."""


def save(root: str, seconds: float, file: GzipFile) -> dict[str, int]:
    """Write all mailboxes to ``file``; return how many boxes and files. Raises OSError, BoxBusyError.

    ``seconds`` is how long to wait for a box that the mail service works on.
    """
    boxes = files = 0
    with tarfile.open(fileobj=file, mode="w|") as archive:
        for name in names(root):
            with ExitStack() as held:
                try:
                    opened = held.enter_context(_locked(root, name, seconds))
                except FileNotFoundError:
                    continue  # never finished, or removed meanwhile
                files += _save_box(archive, name, opened)
                boxes += 1
    return {"boxes": boxes, "files": files}


def restore(root: str, file: GzipFile) -> dict[str, int]:
    """Write the mailboxes of ``file`` below ``root``; return how many boxes and files.

    Raises MailNotEmptyError, BadArchiveError, OSError.
    """
    Path(root).mkdir(parents=True, exist_ok=True)
    if next(names(root), None) is not None:
        raise MailNotEmptyError(f"{root} has mailboxes; restore into an empty folder")
    boxes = files = 0
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            name, rest = _where(member)
            if not rest:
                box.create(root, name)
                boxes += 1
            else:
                _restore_file(archive, member, Path(root, name.world, name.uid, *rest))
                files += 1
    os.sync()
    return {"boxes": boxes, "files": files}


def names(root: str) -> Iterator[BoxName]:
    """Yield the names of all mailboxes."""
    for world in sorted(Path(root).iterdir()):
        if world.is_dir() and not world.is_symlink():
            for player in sorted(world.iterdir()):
                yield box_name({"world": world.name, "uid": player.name})


@contextmanager
def _locked(root: str, name: BoxName, seconds: float) -> Iterator[Box]:
    deadline = time.monotonic() + seconds
    while True:
        with ExitStack() as stack:
            try:
                opened = stack.enter_context(box.locked(root, name))
            except BoxBusyError:
                if time.monotonic() > deadline:
                    raise
            else:
                yield opened
                return
        time.sleep(PAUSE_SECONDS)


def _save_box(archive: tarfile.TarFile, name: BoxName, opened: Box) -> int:
    count = 0
    top = tarfile.TarInfo(f"{name.world}/{name.uid}")
    top.type, top.mode = tarfile.DIRTYPE, box.FOLDER_MODE
    archive.addfile(top)
    for folder in SAVED:
        for file in opened.files(folder):
            with os.fdopen(os.open(file, READ_FLAGS, dir_fd=opened.folder(folder)), "rb") as mail:
                content = mail.read()
                entry = tarfile.TarInfo(f"{top.name}/{folder}/{file}")
                entry.size, entry.mode, entry.mtime = len(content), box.FILE_MODE, int(os.fstat(mail.fileno()).st_mtime)
            archive.addfile(entry, BytesIO(content))
            count += 1
    return count


def _where(member: tarfile.TarInfo) -> tuple[BoxName, list[str]]:
    """Return the box of a member and, for a file, its folder and name."""
    world, _, path = member.name.partition("/")
    uid, _, path = path.partition("/")
    rest = path.split("/") if path else []
    is_file = member.isfile() and len(rest) == 2 and rest[0] in SAVED and rest[1] not in ("", ".", "..")
    if not is_file and (rest or not member.isdir()):
        raise BadArchiveError(f"{member.name!r} is no mailbox and no mail")
    return box_name({"world": world, "uid": uid}), rest


def _restore_file(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    content = archive.extractfile(member)
    if content is None:
        raise BadArchiveError(f"{member.name!r} is no file")
    with os.fdopen(os.open(path, WRITE_FLAGS, box.FILE_MODE), "wb") as mail:
        mail.write(content.read())
    os.utime(path, (member.mtime, member.mtime))
