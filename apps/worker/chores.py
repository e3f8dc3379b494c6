"""What housekeeping removes: each kind with how many of it are removed in one transaction.

A new kind is a function that removes one batch, and a line here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from apps.worker.mail_jobs import store
from apps.worker.rules import family_ends, request_ends
from apps.worker.unit_of_work import Work
from common.metrics import Counter

ANSWERS = Counter("worker_expired_answers_total", "Stored answers that were removed after their time")
FAMILIES = Counter("worker_ended_families_total", "Families that were removed when their time to disband had come")
REQUESTS = Counter("worker_expired_requests_total", "Friend and family requests that nobody answered in their time")
LISTED = Counter("worker_mail_jobs_unlisted_total", "Entries in lists of mail jobs that were removed after the end")

LETTERS = 100
"""Requests that end in one transaction, each with its mail and by a statement of its own."""


@dataclass(frozen=True)
class Chore:
    """Removes at most ``batch`` of a kind and returns how many it removed; fewer mean that none is left for now."""

    remove: Callable[[Work], int]
    batch: int
    removed: Counter


def chores(*, keep_answers: timedelta, keep_requests: timedelta, rows: int) -> list[Chore]:
    """Return what there is to do; answers of request ids, and requests that nobody answers, are kept for a time.

    ``rows`` is how many one statement removes where nothing but rows are concerned.
    """
    return [
        Chore(lambda db: remove_answers(db, keep_answers, rows), rows, ANSWERS),
        Chore(lambda db: int(family_ends.end_one(db) is not None), 1, FAMILIES),  # alone: it locks all its members
        Chore(lambda db: request_ends.end_friends(db, keep_requests, LETTERS), LETTERS, REQUESTS),
        Chore(lambda db: request_ends.end_families(db, keep_requests, LETTERS), LETTERS, REQUESTS),
        Chore(lambda db: request_ends.forget_refused(db, keep_requests, LETTERS), LETTERS, REQUESTS),
        Chore(lambda db: store.forget_listed(db, rows), rows, LISTED),
    ]


def remove_answers(db: Work, keep: timedelta, rows: int) -> int:
    """Remove the stored answers of old requests."""
    return db.execute("DELETE FROM request WHERE created < %s ORDER BY created LIMIT %s", db.cause.time - keep, rows)
