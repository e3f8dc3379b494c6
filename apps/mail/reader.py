"""Read mails from a mailbox, and list them.

Runs in threads of a pool: it neither logs nor counts.
"""

import os
import stat
from collections.abc import Callable
from posix import close

from apps.mail import foreign, message
from apps.mail.box import NEW, Box
from apps.mail.cache import Cache
from apps.mail.checks import BoxName, Limits
from apps.mail.listings import Listed, Listing, Listings, Mail, Which, stamp_of
from apps.mail.mailbox import Entry, chosen, scan, settle

FILE_LIMIT = 256 * 1024
"""Bytes of the largest file that is read. A mail of ours at the hard limits of its parts is smaller."""

READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


class Reader:
    """Reads mails from boxes, and keeps in memory what it read: a mail's file never changes, only its name does."""

    def __init__(self, limits: Limits, cache_size: int, listings: Listings) -> None:
        """``limits`` cut the parts of foreign mails; ``cache_size`` is a number of mails."""
        self._limits = limits
        self._cache: Cache[Mail] = Cache(cache_size)
        self._listings = listings

    def listing(self, box: Box, name: BoxName, which: Which) -> Listing:
        """Return mails of a mailbox, the newest last."""
        ways = {Which.ALL: self.list_all, Which.NEW: self.list_new, Which.PEEK: self.peek}
        return ways[which](box, name)

    def list_all(self, box: Box, name: BoxName) -> Listing:
        """Return all mails; none of them is new any more."""
        stamp = stamp_of(box)
        listing = self._listings.get(name, stamp)
        if listing is None:
            listing = self._list(box, name, lambda _: True)
            self._listings.put(name, stamp, listing)
        return listing

    def list_new(self, box: Box, name: BoxName) -> Listing:
        """Return the mails that were never listed before; none of them is new any more."""
        return self._list_new(box, name, settle)

    def peek(self, box: Box, name: BoxName) -> Listing:
        """Return the mails that were never listed before, and leave them new."""
        listing = self._list_new(box, name, lambda _, entry: entry)
        if listing.unreadable:  # nobody gets them, so nobody will say that they were listed
            for entry in scan(box):
                if entry.file in listing.unreadable:
                    settle(box, entry)
        return listing

    def _list_new(self, box: Box, name: BoxName, take: Callable[[Box, Entry], Entry]) -> Listing:
        known = self._listings.get(name, stamp_of(box))
        return self._list(box, name, _is_new, take) if known is None else Listing([], known.total, [])

    def _list(self, box: Box, name: BoxName, wanted: Callable[[Entry], bool],
              take: Callable[[Box, Entry], Entry] = settle) -> Listing:
        entries = scan(box)
        unreadable: list[str] = []
        read = [self._listed(box, name, take(box, entry), unreadable) for entry in entries if wanted(entry)]
        mails = [listed for listed in read if listed is not None]
        mails.sort(key=_order)
        return Listing(mails, len(entries), unreadable)

    def find(self, box: Box, name: BoxName, key: str) -> Listing:
        """Return a listing of one mail, or of none, without changing anything."""
        entries = scan(box)
        unreadable: list[str] = []
        read = [self._listed(box, name, entry, unreadable) for entry in chosen(entries, [key])]
        return Listing([listed for listed in read if listed is not None], len(entries), unreadable)

    def _listed(self, box: Box, name: BoxName, entry: Entry, unreadable: list[str]) -> Listed | None:
        """Read a mail; None for a file that cannot be read or is no mail, which is named in ``unreadable``."""
        try:
            mail = self._cached(box, name, entry)
        except OSError:
            mail = None
        if mail is None:
            unreadable.append(entry.file)
            return None
        return Listed(entry, mail)

    def _cached(self, box: Box, name: BoxName, entry: Entry) -> Mail | None:
        identity = (name, entry.name.base, entry.inode)
        mail = self._cache.get(identity)
        if mail is None:
            mail = self._load(box.folder(entry.folder), entry)
            if mail is not None and entry.name.moment is not None:  # a foreign file may be edited where it is
                self._cache.put(identity, mail)
        return mail

    def _load(self, folder: int, entry: Entry) -> Mail | None:
        found = _contents(folder, entry.file)
        if found is None:
            return None
        data, modified = found
        moment = entry.name.moment
        if moment is not None and (content := message.parse(data)) is not None:
            return Mail(moment, message.shanghai(moment // 1_000_000), content)
        if (other := foreign.parse(data, self._limits)) is None:
            return None
        seconds = modified if other.seconds is None else other.seconds
        moment = seconds * 1_000_000 if moment is None else moment
        return Mail(moment, message.shanghai(moment // 1_000_000), other.content)


def _is_new(entry: Entry) -> bool:
    return entry.folder == NEW


def _order(listed: Listed) -> tuple[int, str]:
    return listed.mail.moment, listed.entry.name.key


def _contents(folder: int, name: str) -> tuple[bytes, int] | None:
    """Return what a file holds and when it was modified (Unix time); None for one too large, or no plain file."""
    descriptor = os.open(name, READ_FLAGS, dir_fd=folder)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_size > FILE_LIMIT:
            return None
        return os.read(descriptor, FILE_LIMIT), int(state.st_mtime)
    finally:
        close(descriptor)
