"""Runs a client function: in one transaction, once for a request id, its answer stored with its effects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from apps.worker import request
from apps.worker.functions import Access, Entry, Scope
from apps.worker.module.common import GameError
from apps.worker.outbox import Outbox
from apps.worker.rules import utc
from apps.worker.rules.shanghai import SHANGHAI
from apps.worker.services import Services
from apps.worker.unit_of_work import Cause, Work, WriteNeededError
from apps.worker.worlds import World
from common.metrics import Counter
from common.mysql import Database, DatabaseUnavailableError, OutcomeUnknownError, Transaction

REPLAYS = Counter("worker_replayed_answers_total", "Requests whose stored answer was sent again")

LOCKS = {
    Scope.PLAYER: "SELECT r.answer FROM player o LEFT JOIN request r ON r.owner = o.uid AND r.id = %s "
                  "WHERE o.uid = %s FOR UPDATE",
    Scope.WORLD: "SELECT r.answer FROM account o LEFT JOIN request r ON r.owner = o.uid AND r.id = %s "
                 "WHERE o.uid = %s FOR UPDATE",
}
LOCKS[Scope.ACCOUNT] = LOCKS[Scope.WORLD]
FAMILY_LOCK = "SELECT id FROM family WHERE id = (SELECT family FROM family_member WHERE uid = %s) FOR UPDATE"
NO_REQUEST = "-"  # is no request id, so it never finds an answer
COMMIT_TRIES = 3


class OwnerGoneError(Exception):
    """The player or account of a valid token does not exist in the database."""


@dataclass(frozen=True)
class Call:
    """One request, with everything about its sender resolved."""

    entry: Entry
    uid: str
    """Player or account, as the function's scope says; empty for nobody."""
    account: str
    world: World
    arguments: Mapping[str, Any]
    request_id: str
    message_id: str
    config: Mapping[str, Any]


class Runner:
    """Runs calls. Raises what Database raises, OwnerGoneError, and whatever a function raises but GameError."""

    def __init__(self, database: Database, services: Services, outbox: Outbox, *, clock: Callable[[], datetime],
                 random: Random, lease: timedelta) -> None:
        """``clock`` gives the time with a zone."""
        self._database = database
        self._services = services
        self._outbox = outbox
        self._clock = clock
        self._random = random
        self._lease = lease

    def run(self, call: Call) -> bytes:
        """Return the answer line."""
        access = call.entry.access
        now = self._clock()
        try:
            if access is Access.WRITE:
                return self._write(call, now)
            if access is Access.READ:
                return self._read(call, now)
            return self._invoke(call, now, database=self._database)
        except GameError as refusal:
            return self._refuse(call, now, refusal)

    def _read(self, call: Call, now: datetime) -> bytes:
        """Call a function without a lock or a transaction; most never need one."""
        try:
            return self._database.read(lambda db: self._invoke(call, now, db=db))
        except WriteNeededError:
            return self._write(call, now)

    def _write(self, call: Call, now: datetime) -> bytes:
        work: list[Work] = []
        answer = self._commit(call, lambda tx: self._once(call, now, tx, work))
        if work:
            self._outbox.deliver(work[-1].deliveries)
        return answer

    def _commit(self, call: Call, work: Callable[[Transaction], bytes]) -> bytes:
        """Run a transaction that stores the answer of a request id, if there is one.

        When nobody knows whether a commit happened, the next try finds the stored answer if it did. Without a request
        id nobody can tell, and the caller says so.
        """
        unknown: OutcomeUnknownError | None = None
        for _ in range(COMMIT_TRIES if call.request_id else 1):
            try:
                return self._database.transaction(work)
            except OutcomeUnknownError as error:
                unknown = error
            except DatabaseUnavailableError:
                if unknown is not None:  # "nothing happened" may be wrong by now
                    raise unknown from None
                raise
        raise unknown or AssertionError("unreachable")

    def _once(self, call: Call, now: datetime, tx: Transaction, work: list[Work]) -> bytes:
        work.clear()
        stored = self._lock(call, tx)
        if stored is not None:
            REPLAYS.inc()
            return stored
        db = Work(tx.connection, self._cause(call, now), self._lease)
        work.append(db)
        answer = self._invoke(call, now, db=db)
        db.finish()
        self._store(call, now, db, answer)
        return answer

    def _refuse(self, call: Call, now: datetime, refusal: GameError) -> bytes:
        """Return a refusal; a repeat of the request gets the same, although it might be allowed by then."""
        answer = request.encode(refusal.reply)
        if not call.request_id or call.entry.access is not Access.WRITE:
            return answer

        def store(tx: Transaction) -> bytes:
            stored = self._lock(call, tx)
            if stored is None:
                self._store(call, now, tx, answer)
            return stored or answer

        return self._commit(call, store)

    @staticmethod
    def _lock(call: Call, tx: Transaction) -> bytes | None:
        """Lock the player or account, so that its requests never interleave; return the stored answer if any."""
        if call.entry.family_first:
            tx.one(FAMILY_LOCK, call.uid)
        row = tx.one(LOCKS[call.entry.scope], call.request_id or NO_REQUEST, call.uid)
        if row is None:
            raise OwnerGoneError
        stored: bytes | None = row[0]
        return stored

    @staticmethod
    def _store(call: Call, now: datetime, tx: Transaction, answer: bytes) -> None:
        if call.request_id:
            tx.execute("INSERT INTO request (owner, id, answer, created) VALUES (%s, %s, %s, %s)",
                       call.uid, call.request_id, answer, utc.stored(now))

    def _cause(self, call: Call, now: datetime) -> Cause:
        return Cause(call.uid, call.entry.name, call.request_id or call.message_id, utc.stored(now))

    def _invoke(self, call: Call, now: datetime, **database: object) -> bytes:
        """Call the function with its fields and its tools; nothing else of the request reaches it."""
        who = {"uid": call.uid} if call.entry.takes_uid else {}
        reply = call.entry.call(
            **who, **call.arguments, **database, world=call.world, account_uid=call.account, config=call.config,
            now=now.astimezone(SHANGHAI), random=self._random, services=self._services)
        return request.encode(reply)
