"""The files of a mailbox: find them, mark them as read, delete them.

Runs in threads of a pool: it neither logs nor counts.
"""

import os
from collections.abc import Collection
from contextlib import suppress
from posix import close
from typing import NamedTuple

from apps.mail import names
from apps.mail.box import CUR, FILE_MODE, NEW, TOMBSTONES, Box
from apps.mail.names import MailName

EMPTY_FLAGS = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK  # a FIFO must not hold a thread

MARK_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW


class Entry(NamedTuple):
    """A mail's file: in which folder it is, what its name says, and its number on the disk."""

    folder: str
    file: str
    name: MailName
    inode: int


def scan(box: Box) -> list[Entry]:
    """Return all mails. ``new`` comes first: a mail that another program moves meanwhile is seen at least once."""
    found: dict[str, Entry] = {}
    for folder in (NEW, CUR):
        with os.scandir(box.folder(folder)) as files:
            for file in files:
                if not file.name.startswith(".") and not file.is_dir(follow_symlinks=False):
                    name = names.parse(file.name)
                    found[name.base] = Entry(folder, file.name, name, file.inode())
    return list(found.values())


def keys(box: Box, *, only_read: bool) -> list[str]:
    """Return the keys of all mails, or of those that were read; changes nothing."""
    return [entry.name.key for entry in scan(box) if entry.name.seen or not only_read]


def mark_read(box: Box, keys: Collection[str]) -> list[str]:
    """Mark mails as read; return the keys that were found."""
    entries = chosen(scan(box), keys)
    for entry in entries:
        if entry.folder == NEW or not entry.name.seen:
            to_cur(box, entry, entry.name.flags + names.SEEN)
    if entries:
        box.sync(*{CUR, *(entry.folder for entry in entries)})
    return [entry.name.key for entry in entries]


def mark_listed(box: Box, keys: Collection[str]) -> list[str]:
    """Let mails be new no more, as a listing does; return the keys of those that were."""
    entries = [entry for entry in chosen(scan(box), keys) if entry.folder == NEW]
    for entry in entries:
        settle(box, entry)
    if entries:
        box.sync(NEW, CUR)
    return [entry.name.key for entry in entries]


def settle(box: Box, entry: Entry) -> Entry:
    """Move a new mail to ``cur``. A foreign one stays where it is when its name leaves no room for flags."""
    if entry.folder != NEW:
        return entry
    try:
        return to_cur(box, entry, entry.name.flags)
    except OSError:
        if entry.name.moment is not None:
            raise
        return entry


def delete(box: Box, keys: Collection[str], now: float) -> list[str]:
    """Delete mails at ``now`` (Unix time) and remember their keys; return those that were found.

    What is not there may be on its way: the keys of such mails are remembered as well, so that they do not come later.
    """
    deleted = _delete(box, chosen(scan(box), keys), now)
    missing = [key for key in keys if key not in deleted and names.is_key(key)]
    for key in missing:
        close(os.open(names.tombstone(key, int(now)), MARK_FLAGS, FILE_MODE, dir_fd=box.folder(TOMBSTONES)))
    if missing:
        box.sync(TOMBSTONES)
    return deleted


def delete_read(box: Box, spared: Collection[str], now: float) -> list[str]:
    """Delete the mails that were read and whose keys are not ``spared``; return their keys."""
    return _delete(box, [entry for entry in scan(box) if entry.name.seen and entry.name.key not in spared], now)


def chosen(entries: list[Entry], keys: Collection[str]) -> list[Entry]:
    """Return the mails that have one of ``keys``."""
    return [entry for entry in entries if entry.name.key in keys]


def to_cur(box: Box, entry: Entry, flags: str) -> Entry:
    """Move a mail to ``cur``, or give it other flags there."""
    file = names.with_flags(entry.name.base, flags)
    box.move((entry.folder, entry.file), (CUR, file))
    return Entry(CUR, file, names.parse(file), entry.inode)


def _delete(box: Box, entries: list[Entry], now: float) -> list[str]:
    for entry in entries:
        grave = names.tombstone(entry.name.key, int(now))
        box.move((entry.folder, entry.file), (TOMBSTONES, grave))
        with suppress(OSError):  # it counts as deleted all the same, and goes away with its tombstone
            close(os.open(grave, EMPTY_FLAGS, dir_fd=box.folder(TOMBSTONES)))
    if entries:
        box.sync(TOMBSTONES, *{entry.folder for entry in entries})
    return [entry.name.key for entry in entries]
