"""Names of the files in a Maildir (pure).

Ours are ``<seconds>.<key>M<microseconds>.mail:2,<flags>``: the key and the exact time of delivery are in the name, so
a mail is found, and a mailbox put in order, without opening a file.
"""

import hashlib
import os
import re
from functools import lru_cache
from typing import NamedTuple

INFO = ":2,"
SEEN = "S"
NAMES_KEPT = 20_000  # a name is read at every listing; one takes about 400 bytes
KEY = re.compile(r"[a-z0-9]{16,40}")
OURS = re.compile(r"(\d{1,11})\.([a-z0-9]{16,40})M(\d{6})\.mail")
TOMBSTONE = re.compile(r"(\d{1,11})\.([a-z0-9]{16,40})")


class MailName(NamedTuple):
    """What the name of a mail's file says. ``moment`` is Unix time in microseconds, None in a foreign name."""

    base: str
    flags: str
    key: str
    moment: int | None

    @property
    def seen(self) -> bool:
        """Whether the owner has read the mail."""
        return SEEN in self.flags


@lru_cache(NAMES_KEPT)
def parse(name: str) -> MailName:
    """Return what a file's name says; a foreign name gets a key that is made from it."""
    base, _, flags = name.partition(INFO)
    found = OURS.fullmatch(base)
    if found is None:
        return MailName(base, flags, hashlib.sha256(os.fsencode(base)).hexdigest()[:32], None)
    return MailName(base, flags, found[2], int(found[1]) * 1_000_000 + int(found[3]))


def is_key(text: str) -> bool:
    """Whether a mail can have this key."""
    return KEY.fullmatch(text) is not None


def new_base(key: str, moment: int) -> str:
    """Return the name, without flags, of a mail that is delivered at ``moment`` (Unix time in microseconds)."""
    return f"{moment // 1_000_000}.{key}M{moment % 1_000_000:06d}.mail"


def with_flags(base: str, flags: str) -> str:
    """Return the name that a mail has in ``cur``; a Maildir wants the flags in order."""
    return base + INFO + "".join(sorted(set(flags)))


def tombstone(key: str, seconds: int) -> str:
    """Return the name that a mail has after its deletion at ``seconds`` (Unix time)."""
    return f"{seconds}.{key}"


def parse_tombstone(name: str) -> tuple[int, str] | None:
    """Return (Unix time of the deletion, key), None for a foreign name."""
    found = TOMBSTONE.fullmatch(name)
    return None if found is None else (int(found[1]), found[2])
