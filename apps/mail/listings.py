"""Listings of whole mailboxes, and those that are still true because nothing has changed in the folders."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple

import orjson

from apps.mail import message
from apps.mail.box import CUR, NEW, Box
from apps.mail.cache import Cache
from apps.mail.checks import BoxName
from apps.mail.mailbox import Entry

SETTLED_SECONDS = 10.0
"""Age of the latest change from which on a listing is kept.

A file system notes a change with the time of its last tick, milliseconds before: two changes within a tick look like
one. The rest is for clocks that differ between here and the server of the volume.
"""

Stamp = tuple[tuple[int, int], ...]


class Which(Enum):
    """Which mails a listing is of."""

    ALL = "all"
    """None of them is new any more."""
    NEW = "new"
    """Those that were never listed before; they are new no more."""
    PEEK = "peek"
    """The same, but they stay new until somebody says that they were listed."""


class Mail(NamedTuple):
    """A mail that was read. ``moment`` is Unix time in microseconds, ``time`` the same as a text for people."""

    moment: int
    time: str
    content: message.Content


class Listed(NamedTuple):
    """A mail in a listing."""

    entry: Entry
    mail: Mail

    def shown(self) -> dict[str, object]:
        """Return the mail as callers of the service get it."""
        name, content = self.entry.name, self.mail.content
        shown: dict[str, object] = {
            "read": int(name.seen),
            "body": content.body,
            "time": self.mail.time,
            "type": content.type,
            "from": content.sender,
            "subj": content.subj,
            "key": name.key,
        }
        return shown if content.items is None else shown | {"items": content.items}


@dataclass(frozen=True)
class Listing:
    """Mails in order of time, the ``total`` of all mails in the box, and the files that could not be read as mails."""

    mails: list[Listed]
    total: int
    unreadable: list[str]

    @cached_property
    def as_json(self) -> bytes:
        """The mails as callers get them, written once for as long as the listing is kept."""
        return orjson.dumps([listed.shown() for listed in self.mails])


class Listings:
    """Keeps the latest listing of each mailbox, of those that were asked for last.

    It is true as long as both folders have the times of change that they had before it was made: each mail that comes,
    goes, or is marked, by whatever process, is a name that changes in one of them.
    """

    def __init__(self, size: int, clock: Callable[[], float] = time.time) -> None:
        """``size`` is a number of mailboxes. ``clock`` is Unix time, as the file system has it."""
        self._clock = clock
        self._cache: Cache[tuple[Stamp, Listing]] = Cache(size)

    def get(self, name: BoxName, stamp: Stamp) -> Listing | None:
        """Return all mails of a mailbox, none of which is new, if that is known."""
        kept = self._cache.get(name)
        return kept[1] if kept is not None and kept[0] == stamp else None

    def put(self, name: BoxName, stamp: Stamp, listing: Listing) -> None:
        """Keep a listing of all mails, if it will be seen when it is no longer true. ``stamp`` is from before it."""
        latest = max(stamp)[0] / 1e9
        if self._clock() - latest >= SETTLED_SECONDS and not listing.unreadable and not _has_foreign(listing):
            self._cache.put(name, (stamp, listing))


def stamp_of(box: Box) -> Stamp:
    """Return when both folders changed last, see ``Box.changed``."""
    return box.changed(NEW), box.changed(CUR)


def _has_foreign(listing: Listing) -> bool:
    """Whether another program wrote one of the mails: such a file may be edited where it is."""
    return any(listed.entry.name.moment is None for listed in listing.mails)
