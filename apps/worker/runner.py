"""Runs a client function: in one transaction, once for a request id, its answer stored with its effects.

Functions that act outside of the database are run by ``acts``.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from apps.worker import request
from apps.worker.acts import Acts, Asked, Deliver
from apps.worker.call import Call
from apps.worker.functions import Access
from apps.worker.module.common import GameError
from apps.worker.outbox import Outbox
from apps.worker.rules import utc
from apps.worker.rules.shanghai import SHANGHAI
from apps.worker.seals import Seals
from apps.worker.services import Services
from apps.worker.stored_answers import REPLAYS, StoredAnswers
from apps.worker.unit_of_work import Cause, Work, WriteNeededError
from common.mysql import Database, DatabaseUnavailableError, OutcomeUnknownError, Transaction

COMMIT_TRIES = 3
LOT_BYTES = 16


class Runner:
    """Runs calls. Raises what Database raises, OwnerGoneError, and whatever a function raises but GameError."""

    def __init__(self, database: Database, services: Services, outbox: Outbox, acts: Acts, seals: Seals, *,
                 clock: Callable[[], datetime], random: Random, lease: timedelta) -> None:
        """``clock`` gives the time with a zone."""
        self._database = database
        self._services = services
        self._outbox = outbox
        self._acts = acts
        self._seals = seals
        self._stored = StoredAnswers(seals)
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
            if access is Access.ACT:
                return self._act(call, now)
            return self._invoke(call, now)
        except GameError as refusal:
            return self._refuse(call, now, refusal)

    def _act(self, call: Call, now: datetime) -> bytes:
        if not call.request_id:
            lot = self._random.randbytes(LOT_BYTES)
            return self._invoke(call, now, database=self._database, lot=lot, deliver=None)
        owner = call.uid or self._seals.owner(call.entry.name, call.arguments)
        lot = self._seals.lot(owner, call.request_id)

        def act(deliver: Deliver) -> bytes:
            try:
                return self._invoke(call, now, database=self._database, lot=lot, deliver=deliver)
            except GameError as refusal:
                return request.encode(refusal.reply)

        asked = Asked(owner, call.request_id, self._cause(call, now), secret=call.entry.secret)
        return self._acts.run(asked, act)

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
        stored = self._stored.lock(call, tx)
        if stored is not None:
            REPLAYS.inc()
            return stored
        db = Work(tx.connection, self._cause(call, now), self._lease)
        work.append(db)
        answer = self._invoke(call, now, db=db)
        db.finish()
        self._stored.store(call, now, db, answer)
        return answer

    def _refuse(self, call: Call, now: datetime, refusal: GameError) -> bytes:
        """Return a refusal; a repeat of the request gets the same, although it might be allowed by then."""
        answer = request.encode(refusal.reply)
        if not call.request_id or call.entry.access is not Access.WRITE:
            return answer

        def store(tx: Transaction) -> bytes:
            stored = self._stored.lock(call, tx)
            if stored is None:
                self._stored.store(call, now, tx, answer)
            return stored or answer

        return self._commit(call, store)

    def _cause(self, call: Call, now: datetime) -> Cause:
        return Cause(call.uid, call.entry.name, call.request_id or call.message_id, utc.stored(now))

    def _invoke(self, call: Call, now: datetime, **database: object) -> bytes:
        """Call the function with its fields and its tools; nothing else of the request reaches it."""
        who = {"uid": call.uid} if call.entry.takes_uid else {}
        reply = call.entry.call(
            **who, **call.arguments, **database, world=call.world, account_uid=call.account, config=call.config,
            now=now.astimezone(SHANGHAI), random=self._random, services=self._services)
        return request.encode(reply)
