"""What the worker asks of the mail service. A box is named by the world where its owner lives and the owner's uid."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gevent

from common.batcher import Batcher
from common.http_client import JsonClient, ServiceUnavailableError

log = logging.getLogger(__name__)

DONE, FULL, BUSY = 0, 1, -3

BOXES = 16
"""Mailboxes that one call lists or counts; no more than --list-batch-size of mail."""

PATIENCE = 0.05
"""Seconds that a mail waits for the call before its own, until one is made beside it."""


class MailboxFullError(Exception):
    """The box holds as many mails as it may."""


@dataclass(frozen=True)
class Box:
    """Mails as clients see them, and how many the box holds and may hold."""

    mails: list[dict[str, Any]]
    current: int
    maximum: int

    def as_data(self) -> dict[str, Any]:
        """Return the shape that clients get."""
        return {"mail": self.mails, "count": {"cur": self.current, "max": self.maximum}}


class MailClient:
    """Every method raises ServiceUnavailableError when the mail service cannot be asked."""

    def __init__(self, http: JsonClient, *, lanes: int, batch: int) -> None:
        """Mails that are sent at the same time go together, up to ``batch`` a call and ``lanes`` calls at once."""
        self._http = http
        self._sending: Batcher[dict[str, Any], dict[str, Any]] = Batcher(
            self._send, lanes=lanes, most=batch, patience=PATIENCE)
        self._listing: Batcher[dict[str, Any], dict[str, Any]] = Batcher(
            self._list, lanes=lanes, most=BOXES, patience=PATIENCE)
        self._counting: Batcher[dict[str, Any], dict[str, Any]] = Batcher(
            self._count, lanes=lanes, most=BOXES, patience=PATIENCE)

    def send(self, world: str, uid: str, key: str, mail: dict[str, Any]) -> None:
        """Deliver a mail; a second time with the same key changes nothing. Raises MailboxFullError, ValueError."""
        answer = _served(self._sending.call({"world": world, "uid": uid, "key": key, "mail": mail}))
        if answer["status"] == FULL:
            raise MailboxFullError
        if answer["status"] != DONE:
            raise ValueError(str(answer.get("message", "refused")))

    def has_room(self, world: str, uid: str) -> bool:
        """Whether one more mail fits into the box now."""
        count = _served(self._counting.call({"world": world, "uid": uid}))["count"]
        return bool(count["cur"] < count["max"])

    def have_room(self, boxes: Sequence[tuple[str, str]]) -> list[bool]:
        """Say the same of several boxes (world and uid), in few calls; one that cannot be looked at has no room."""
        looks = [gevent.spawn(self._surely_has_room, world, uid) for world, uid in boxes]
        return [look.get() for look in looks]

    def all(self, world: str, uid: str) -> Box:
        """Return all mails, newest last."""
        return self._box({"world": world, "uid": uid})

    def new(self, world: str, uid: str) -> Box:
        """Return the mails that were never listed before."""
        return self._box({"world": world, "uid": uid, "new": True})

    def mark_read(self, world: str, uid: str, keys: Sequence[str]) -> list[str]:
        """Mark mails as read; return the keys of those that exist."""
        return list(self._ask("/mark_read", world, uid, keys=list(keys))["keys"])

    def delete(self, world: str, uid: str, keys: Sequence[str]) -> list[str]:
        """Delete mails; return the keys of those that existed."""
        return list(self._ask("/delete", world, uid, keys=list(keys))["keys"])

    def keys(self, world: str, uid: str, *, only_read: bool = False) -> list[str]:
        """Return the keys of all mails, or of those that were read; new mails stay new."""
        return list(self._ask("/keys", world, uid, read=only_read)["keys"])

    def probe(self) -> str:
        """Return a sign of life."""
        return self._http.probe()

    def _surely_has_room(self, world: str, uid: str) -> bool:
        try:
            return self.has_room(world, uid)
        except ServiceUnavailableError as error:
            log.warning("no look at a mailbox: %s", error)
            return False

    def _send(self, mails: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return self._together("/send_batch", {"mails": mails})

    def _list(self, boxes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return self._together("/list_batch", {"boxes": boxes})

    def _count(self, boxes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return self._together("/count_batch", {"boxes": boxes})

    def _together(self, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self._http.post(path, body, idempotent=True)
        if "answers" not in answer:
            raise ServiceUnavailableError("mail", str(answer.get("message", "refused")))
        return list(answer["answers"])

    def _box(self, wanted: dict[str, Any]) -> Box:
        answer = _served(self._listing.call(wanted))
        return Box(answer["mail"], answer["count"]["cur"], answer["count"]["max"])

    def _ask(self, path: str, world: str, uid: str, **fields: object) -> dict[str, Any]:
        answer = self._http.post(path, {"world": world, "uid": uid, **fields}, idempotent=True)
        if answer.get("status") != DONE:
            raise ServiceUnavailableError("mail", str(answer.get("message", "refused")))
        return answer


def _served(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer about one mailbox of several, unless just this one could not be reached."""
    if answer["status"] == BUSY:
        raise ServiceUnavailableError("mail", str(answer.get("message", "busy")))
    return answer
