"""All mailboxes, as greenlets use them: the work on the disk is done in a bounded pool of threads.

A thread never waits for a lock, so mailboxes that are locked for long cost no thread: the greenlet tries again.
"""

import logging
import os
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

import gevent

from apps.mail import box, delivery, mailbox
from apps.mail.box import Box, BoxBusyError
from apps.mail.checks import BoxName
from apps.mail.delivery import DeliveryRules, Outcome, Parcel
from apps.mail.listings import Listing, Which
from apps.mail.reader import Reader
from apps.mail.threads import SlowDiskError, Threads, caught
from common.metrics import Counter, Gauge

log = logging.getLogger(__name__)
T = TypeVar("T")

DELIVERIES = Counter("mail_deliveries_total", "Deliveries, by what became of them", ["outcome"])
UNREADABLE = Counter("mail_unreadable_files_total", "Files in mailboxes that are no readable mail")
BUSY = Counter("mail_box_busy_total", "Requests given up because another process held the mailbox")
FREE = Gauge("mail_disk_free_bytes", "Free bytes on the volume of the mailboxes")

FIRST_PAUSE = 0.001
LONGEST_PAUSE = 0.05

A_THREAD = 4
"""Mailboxes that one visit of a thread works on; more would keep a thread too long on a slow disk."""


@dataclass(frozen=True)
class StoreRules:
    """How the disk is worked on. The times are in seconds."""

    lock_seconds: float
    io_seconds: float
    io_threads: int


@dataclass(frozen=True)
class Job(Generic[T]):
    """Something to do with a mailbox; one that does not exist gives ``missing``, or is created if that is None."""

    name: BoxName
    work: Callable[[Box], T]
    missing: T | None


class MailStore:
    """Every method raises BoxBusyError when another process holds the mailbox for too long, and OSError."""

    def __init__(
        self, root: str, rules: StoreRules, deliveries: DeliveryRules, reader: Reader,
        *, clock: Callable[[], float], random: Random,
    ) -> None:
        self._root = root
        self._rules = rules
        self._deliveries = deliveries
        self._reader = reader
        self._clock = clock
        self._random = random
        self._threads = Threads(rules.io_threads, rules.io_seconds)

    def send(self, parcels: Sequence[Parcel]) -> list[Outcome | Exception]:
        """Store each mail once a key, on the disk when this returns; give an outcome or an error for each."""
        outcomes = self._each([self._delivery(parcel) for parcel in parcels])
        for outcome in outcomes:
            DELIVERIES.labels(outcome.value if isinstance(outcome, Outcome) else "failed").inc()
        return outcomes

    def listing(self, name: BoxName, which: Which) -> Listing:
        """Return mails of a mailbox."""
        return self._list(self._listing(name, which))

    def list_each(self, wanted: Sequence[tuple[BoxName, Which]]) -> list[Listing | Exception]:
        """Return a listing, or an error, for each mailbox."""
        listings = self._each([self._listing(name, which) for name, which in wanted])
        return [listing if isinstance(listing, Exception) else self._noted(name, listing)
                for (name, _), listing in zip(wanted, listings, strict=True)]

    def get(self, name: BoxName, key: str) -> Listing:
        """Return a listing of the one mail with this key, or of none; changes nothing."""
        return self._list(Job(name, lambda opened: self._reader.find(opened, name, key), Listing([], 0, [])))

    def count(self, name: BoxName) -> int:
        """Return the number of mails in the box."""
        return self._with_box(_counting(name))

    def count_each(self, names: Sequence[BoxName]) -> list[int | Exception]:
        """Return the number of mails, or an error, for each mailbox."""
        return self._each([_counting(name) for name in names])

    def keys(self, name: BoxName, *, only_read: bool) -> list[str]:
        """Return the keys of all mails, or of those that were read; new mails stay new."""
        return self._with_box(Job(name, lambda opened: mailbox.keys(opened, only_read=only_read), []))

    def mark_read(self, name: BoxName, keys: Collection[str]) -> list[str]:
        """Mark mails as read; return the keys that were found."""
        return self._with_box(Job(name, lambda opened: mailbox.mark_read(opened, keys), []))

    def mark_listed(self, name: BoxName, keys: Collection[str]) -> list[str]:
        """Let mails be new no more; return the keys of those that were."""
        return self._with_box(Job(name, lambda opened: mailbox.mark_listed(opened, keys), []))

    def delete(self, name: BoxName, keys: Collection[str]) -> list[str]:
        """Delete mails; return the keys that were found."""
        return self._with_box(Job(name, lambda opened: mailbox.delete(opened, keys, self._clock()), []))

    def delete_read(self, name: BoxName, spared: Collection[str]) -> list[str]:
        """Delete the mails that were read and are not ``spared``; return their keys."""
        return self._with_box(Job(name, lambda opened: mailbox.delete_read(opened, spared, self._clock()), []))

    def probe(self) -> str:
        """Return how much room there is. Raises OSError when the root cannot be written to."""
        state = self._threads.run(self._probe)
        free = state.f_bavail * state.f_frsize
        FREE.set(free)
        return f"{free / 2**30:.1f} GiB free"

    def _delivery(self, parcel: Parcel) -> Job[Outcome]:
        return Job(parcel.name, lambda opened: delivery.deliver(opened, parcel, self._deliveries, now=self._clock()),
                   None)

    def _listing(self, name: BoxName, which: Which) -> Job[Listing]:
        return Job(name, lambda opened: self._reader.listing(opened, name, which), Listing([], 0, []))

    def _each(self, jobs: Sequence[Job[T]]) -> list[T | Exception]:
        """Return what each job gives, or its error.

        One visit of a thread does several, because the way to a thread and back costs as much as writing a mail.
        """
        parts = [jobs[start:start + A_THREAD] for start in range(0, len(jobs), A_THREAD)]
        greenlets = [gevent.spawn(self._part, part) for part in parts[1:]]
        outcomes = self._part(parts[0]) if parts else []
        for greenlet in greenlets:
            outcomes += greenlet.get()
        return outcomes

    def _part(self, jobs: Sequence[Job[T]]) -> list[T | Exception]:
        """Do some in one thread; those whose mailbox another process holds are tried again, each by itself."""
        try:
            outcomes = self._threads.run(lambda: [caught(lambda j=job: self._attempt(j)) for job in jobs])  # type: ignore[misc]
        except SlowDiskError as error:
            return [error for _ in jobs]
        waits = {place: gevent.spawn(caught, lambda j=jobs[place]: self._with_box(j))
                 for place, outcome in enumerate(outcomes) if isinstance(outcome, BoxBusyError)}
        return [waits[place].get() if place in waits else outcome for place, outcome in enumerate(outcomes)]

    def _probe(self) -> os.statvfs_result:
        if not os.access(self._root, os.W_OK | os.X_OK):
            raise PermissionError("the mail root cannot be written to")
        return os.statvfs(self._root)

    def _list(self, job: Job[Listing]) -> Listing:
        return self._noted(job.name, self._with_box(job))

    def _noted(self, name: BoxName, listing: Listing) -> Listing:
        """Tell the operators of files that are no mails."""
        if listing.unreadable:
            UNREADABLE.inc(len(listing.unreadable))
            log.warning("unreadable files in a mailbox", extra={
                "world": name.world, "uid": name.uid, "files": listing.unreadable[:10]})
        return listing

    def _with_box(self, job: Job[T]) -> T:
        deadline = time.monotonic() + self._rules.lock_seconds
        pause = FIRST_PAUSE
        while True:
            try:
                return self._threads.run(lambda: self._attempt(job))
            except BoxBusyError:
                if time.monotonic() + pause > deadline:
                    BUSY.inc()
                    raise
            gevent.sleep(pause * self._random.uniform(0.5, 1.0))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _attempt(self, job: Job[T]) -> T:
        try:
            with box.locked(self._root, job.name) as opened:
                return job.work(opened)
        except FileNotFoundError:
            if job.missing is not None and not box.exists(self._root, job.name):
                return job.missing
            box.create(self._root, job.name)
        with box.locked(self._root, job.name) as opened:
            return job.work(opened)


def _counting(name: BoxName) -> Job[int]:
    return Job(name, lambda opened: len(mailbox.scan(opened)), 0)
