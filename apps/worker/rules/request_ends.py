"""Requests that nobody has answered for long: of friends, and of families. Claim, row and mail of each go together.

Claims are locked before the rows that belong to them, as by those who answer; what somebody works on is passed over.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import orjson

from apps.worker.module.enums import MailType
from apps.worker.rules import letters
from apps.worker.rules.letters import Recipient
from apps.worker.unit_of_work import Work
from common.mysql import marks


@dataclass(frozen=True)
class Asked:
    """A claim: the key of its mail, the owner of the mailbox, and what the claim holds."""

    key: str
    owner: str
    payload: str


def end_friends(db: Work, age: timedelta, most: int) -> int:
    """End friend requests that are older than ``age``; return how many."""
    found = _open(db, MailType.FRIEND_REQUEST, age, most)
    for asked in found:
        db.execute("DELETE FROM friend WHERE uid = %s AND fid = %s AND since IS NULL AND mail = %s",
                   orjson.loads(asked.payload)["uid_sender"], asked.owner, asked.key)
    _remove(db, found)
    return len(found)


def end_families(db: Work, age: timedelta, most: int) -> int:
    """End invitations and applications that are older than ``age``; return how many mails that were."""
    found = _open(db, MailType.FAMILY_REQUEST, age, most)
    if found:
        db.execute(f"DELETE FROM family_request WHERE mail IN ({marks(found)})", *(asked.key for asked in found))  # noqa: S608  # only marks
    _remove(db, found)
    return len(found)


def forget_refused(db: Work, age: timedelta, most: int) -> int:
    """Remove the friend requests of this age whose mails were deleted by who was asked; return how many."""
    pairs = db.all("SELECT uid, fid FROM friend WHERE since IS NULL AND asked < %s ORDER BY asked LIMIT %s "
                   "FOR UPDATE SKIP LOCKED", db.cause.time - age, most)
    for pair in pairs:
        db.execute("DELETE FROM friend WHERE uid = %s AND fid = %s", *pair)
    return len(pairs)


def _open(db: Work, kind: MailType, age: timedelta, most: int) -> list[Asked]:
    rows = db.all("SELECT mail, uid, payload FROM claim WHERE type = %s AND created < %s ORDER BY created LIMIT %s "
                  "FOR UPDATE SKIP LOCKED", int(kind), db.cause.time - age, most)
    return [Asked(*row) for row in rows]


def _remove(db: Work, found: Sequence[Asked]) -> None:
    """Remove claims and mails. A mail whose owner does not exist any more has no mailbox to be deleted from."""
    if not found:
        return
    keys: dict[str, list[str]] = defaultdict(list)
    for asked in found:
        keys[asked.owner].append(asked.key)
    db.execute(f"DELETE FROM claim WHERE mail IN ({marks(found)})", *(asked.key for asked in found))  # noqa: S608  # only marks
    for uid, world in db.all(f"SELECT uid, world FROM player WHERE uid IN ({marks(keys)})", *keys):  # noqa: S608  # only marks
        letters.delete(db, Recipient(uid, world), keys[uid])
