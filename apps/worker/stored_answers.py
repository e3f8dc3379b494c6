"""Answers that are stored in the transaction of their effects, under the lock of who asks."""

from datetime import datetime

from apps.worker.call import Call
from apps.worker.claims import NotAnsweredError
from apps.worker.functions import Scope
from apps.worker.rules import utc
from apps.worker.seals import Seals, UnreadableError
from common.metrics import Counter
from common.mysql import DuplicateError, Transaction

REPLAYS = Counter("worker_replayed_answers_total", "Requests whose stored answer was sent again")

LOCKS = {
    Scope.PLAYER: "SELECT r.answer, r.due > UTC_TIMESTAMP(3) FROM player o "
                  "LEFT JOIN request r ON r.owner = o.uid AND r.id = %s WHERE o.uid = %s FOR UPDATE",
    Scope.WORLD: "SELECT r.answer, r.due > UTC_TIMESTAMP(3) FROM account o "
                 "LEFT JOIN request r ON r.owner = o.uid AND r.id = %s WHERE o.uid = %s FOR UPDATE",
}
LOCKS[Scope.ACCOUNT] = LOCKS[Scope.WORLD]
FAMILY_LOCK = "SELECT id FROM family WHERE id = (SELECT family FROM family_member WHERE uid = %s) FOR UPDATE"
NO_REQUEST = "-"  # is no request id, so it never finds an answer


class OwnerGoneError(Exception):
    """The player or account of a valid token does not exist in the database."""


class StoredAnswers:
    """Rows of ``request`` as transactions see them. Those of functions that act elsewhere have no answer at first."""

    def __init__(self, seals: Seals) -> None:
        self._seals = seals

    def lock(self, call: Call, tx: Transaction) -> bytes | None:
        """Lock the player or account, so that its requests never interleave; return the stored answer if any.

        Raises OwnerGoneError and NotAnsweredError.
        """
        if call.entry.family_first:
            tx.one(FAMILY_LOCK, call.uid)
        row = tx.one(LOCKS[call.entry.scope], call.request_id or NO_REQUEST, call.uid)
        if row is None:
            raise OwnerGoneError
        stored, is_claimed = row
        if stored is not None:
            return self._read(call, stored)
        if is_claimed:
            raise NotAnsweredError
        if is_claimed is not None:
            tx.execute("DELETE FROM request WHERE owner = %s AND id = %s", call.uid, call.request_id)
        return None

    def _read(self, call: Call, stored: bytes) -> bytes:
        try:
            return self._seals.read(stored, call.uid, call.request_id)
        except UnreadableError:
            raise NotAnsweredError from None

    @staticmethod
    def store(call: Call, now: datetime, tx: Transaction, answer: bytes) -> None:
        """Store the answer of a request id, if there is one; the last step before the commit."""
        if not call.request_id:
            return
        try:
            tx.execute("INSERT INTO request (owner, id, answer, created) VALUES (%s, %s, %s, %s)",
                       call.uid, call.request_id, answer, utc.stored(now))
        except DuplicateError:  # it was claimed in the meantime, for a function that acts elsewhere
            raise NotAnsweredError from None
