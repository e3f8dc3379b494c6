"""What the worker asks of the mail service. A box is named by the world where its owner lives and the owner's uid."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gevent

from common.batcher import Batcher
from common.breaker import Breaker, MuteError
from common.http_client import PATIENCE as MUTE_SECONDS
from common.http_client import TRIES, JsonClient, ServiceUnavailableError

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

    def __init__(self, http: JsonClient, *, lanes: int, batch: int, patience: float = MUTE_SECONDS,
                 tries: int = TRIES) -> None:
        """Mails that are sent at the same time go together, up to ``batch`` a call and ``lanes`` calls at once.

        When nobody has had an answer for ``patience`` seconds, only ``tries`` may wait for such a call.
        """
        self._http = http
        self._breaker = Breaker(patience=patience, tries=tries, clock=time.monotonic)
        self._sending: Batcher[dict[str, Any], dict[str, Any]] = Batcher(
            self._send, lanes=lanes, most=batch, patience=PATIENCE)
        self._listing: Batcher[dict[str, Any], dict[str, Any]] = Batcher(
            self._list, lanes=lanes, most=BOXES, patience=PATIENCE)
        self._counting: Batcher[dict[str, Any], dict[str, Any]] = Batcher(
            self._count, lanes=lanes, most=BOXES, patience=PATIENCE)

    def send(self, world: str, uid: str, key: str, mail: dict[str, Any]) -> None:
        """Deliver a mail; a second time with the same key changes nothing. Raises MailboxFullError, ValueError."""
        answer = self._joined(self._sending, {"world": world, "uid": uid, "key": key, "mail": mail})
        if answer["status"] == FULL:
            raise MailboxFullError
        if answer["status"] != DONE:
            raise ValueError(str(answer.get("message", "refused")))

    def has_room(self, world: str, uid: str) -> bool:
        """Whether one more mail fits into the box now."""
        count = self._joined(self._counting, {"world": world, "uid": uid})["count"]
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

    def peek(self, world: str, uid: str) -> Box:
        """Return the mails that were never listed before, and leave them so."""
        return self._box({"world": world, "uid": uid, "new": True, "peek": True})

    def mark_listed(self, world: str, uid: str, keys: Sequence[str]) -> list[str]:
        """Let mails be new no more; return the keys of those that were."""
        return list(self._ask("/mark_listed", world, uid, keys=list(keys))["keys"])

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
        return self._answers("/send_batch", {"mails": mails})

    def _list(self, boxes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return self._answers("/list_batch", {"boxes": boxes})

    def _count(self, boxes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return self._answers("/count_batch", {"boxes": boxes})

    def _joined(self, batcher: "Batcher[dict[str, Any], dict[str, Any]]", item: dict[str, Any]) -> dict[str, Any]:
        """Return the answer about one mailbox of several that are asked about together."""
        try:
            answer = self._breaker.call(lambda: batcher.call(item))
        except MuteError as error:
            raise ServiceUnavailableError("mail", str(error)) from None
        if answer["status"] == BUSY:
            raise ServiceUnavailableError("mail", str(answer.get("message", "busy")))
        return answer

    def _answers(self, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self._http.post(path, body, idempotent=True)
        if "answers" not in answer:
            raise ServiceUnavailableError("mail", str(answer.get("message", "refused")))
        return list(answer["answers"])

    def _box(self, wanted: dict[str, Any]) -> Box:
        answer = self._joined(self._listing, wanted)
        return Box(answer["mail"], answer["count"]["cur"], answer["count"]["max"])

    def _ask(self, path: str, world: str, uid: str, **fields: object) -> dict[str, Any]:
        answer = self._http.post(path, {"world": world, "uid": uid, **fields}, idempotent=True)
        if answer.get("status") != DONE:
            raise ServiceUnavailableError("mail", str(answer.get("message", "refused")))
        return answer
