"""Put a mail into a mailbox: exactly once a key, never past the size, durable before it returns.

Runs in threads of a pool: it neither logs nor counts.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from posix import close
from typing import NamedTuple

from apps.mail import names
from apps.mail.box import CUR, FILE_MODE, NEW, TMP, TOMBSTONES, Box
from apps.mail.checks import BoxName
from apps.mail.mailbox import scan
from apps.mail.message import Content, Envelope, compose

CREATE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW


class Parcel(NamedTuple):
    """A mail on its way: the mailbox, the key that makes it unique there, and what it says."""

    name: BoxName
    key: str
    content: Content


class Outcome(Enum):
    """What became of a delivery."""

    STORED = "stored"
    REPEATED = "repeated"
    FULL = "full"


@dataclass(frozen=True)
class DeliveryRules:
    """How a mailbox takes mails. The times are in seconds, ``size`` in mails."""

    size: int
    domain: str
    tombstone_seconds: float
    tmp_seconds: float


def deliver(box: Box, parcel: Parcel, rules: DeliveryRules, *, now: float) -> Outcome:
    """Store a new mail at ``now`` (Unix time). Raises OSError; then nothing of it is to be seen.

    A key that the box holds, or whose mail was deleted not long ago, is not stored again.
    """
    key = parcel.key
    _remove_stale(box, now - rules.tmp_seconds)
    entries = scan(box)
    if any(entry.name.key == key for entry in entries) or key in _deleted_keys(box, now - rules.tombstone_seconds):
        box.sync(NEW, CUR, TOMBSTONES)  # whoever stored or moved it may have died before
        return Outcome.REPEATED
    if len(entries) >= rules.size:
        return Outcome.FULL
    message = compose(parcel.content, Envelope(key, parcel.name.uid, rules.domain, int(now)))
    _store(box, names.new_base(key, int(now * 1_000_000)), message)
    return Outcome.STORED


def _store(box: Box, name: str, message: bytes) -> None:
    try:
        _write(box.folder(TMP), name, message)
        box.move((TMP, name), (NEW, name))
    except OSError:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=box.folder(TMP))
        raise
    box.sync(NEW)


def _write(folder: int, name: str, message: bytes) -> None:
    descriptor = os.open(name, CREATE_FLAGS, FILE_MODE, dir_fd=folder)
    try:
        left = memoryview(message)
        while left:
            left = left[os.write(descriptor, left):]
        os.fsync(descriptor)
    finally:
        close(descriptor)


def _deleted_keys(box: Box, since: float) -> set[str]:
    """Return the keys of mails that were deleted after ``since``; forget older ones."""
    keys = set()
    for name in box.files(TOMBSTONES):
        tombstone = names.parse_tombstone(name)
        if tombstone is not None and tombstone[0] >= since:
            keys.add(tombstone[1])
        elif tombstone is not None:
            os.unlink(name, dir_fd=box.folder(TOMBSTONES))
    return keys


def _remove_stale(box: Box, before: float) -> None:
    """Remove deliveries that never ended: theirs died. Other programs may deliver too, so young files stay."""
    folder = box.folder(TMP)
    for name in box.files(TMP):
        with suppress(FileNotFoundError, IsADirectoryError):
            if os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime < before:
                os.unlink(name, dir_fd=folder)
