"""Claims to act under a request id, for functions whose effect is outside of the database.

Such an effect cannot be part of a transaction. So the id is claimed first, by a row that is committed; the answer is
stored in it before anybody gets it. Others who ask under the same id meanwhile wait for that answer. A claim whose
worker has died is taken over when a job could not last any longer, and the function then runs again: nobody has seen an
answer of the first run.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.worker.seals import Seals, UnreadableError
from apps.worker.unit_of_work import Cause, Delivery, Work
from common.metrics import Counter
from common.mysql import (
    Database,
    DatabaseUnavailableError,
    DuplicateError,
    OutcomeUnknownError,
    Row,
    Transaction,
)

log = logging.getLogger(__name__)

TAKEN_OVER = Counter("worker_claims_taken_over_total", "Requests that were run again because their worker had died")
TRIES = 3

DUE = "TIMESTAMPADD(MICROSECOND, %s, UTC_TIMESTAMP(3))"
"""By the clock of the database: those of workers may differ."""
INSERT = f"INSERT INTO request (owner, id, holder, due, created) VALUES (%s, %s, %s, {DUE}, %s)"  # noqa: S608  # a constant
SELECT = "SELECT answer, holder, due <= UTC_TIMESTAMP(3) FROM request WHERE owner = %s AND id = %s"
TAKE_OVER = (f"UPDATE request SET holder = %s, due = {DUE} WHERE owner = %s AND id = %s AND holder = %s "  # noqa: S608  # a constant
             "AND answer IS NULL")
ANSWER = "UPDATE request SET answer = %s, due = NULL WHERE owner = %s AND id = %s AND holder = %s AND answer IS NULL"
DROP = "DELETE FROM request WHERE owner = %s AND id = %s AND holder = %s AND answer IS NULL"
FORGET = "DELETE FROM request WHERE owner = %s AND id = %s AND answer = %s"

Outgoing = tuple[str, dict[str, Any]]
"""Kind and body of a row for the outbox."""


class NotAnsweredError(Exception):
    """Somebody else works on this request id, and has not answered yet."""


@dataclass(frozen=True)
class Claim:
    """The right to act under a request id; ``holder`` is nobody else's."""

    owner: str
    id: str
    holder: str


@dataclass(frozen=True)
class ClaimRules:
    """Times of claims, in seconds."""

    lasts: float
    """From then on another worker may act: a job takes no longer."""
    patience: float
    """How long a repeat waits for the answer."""


class Claims:
    """Rows of ``request`` whose answers come later. Raises what Database raises."""

    def __init__(self, database: Database, seals: Seals, rules: ClaimRules, *, lease: timedelta,
                 draw: Callable[[], str], pause: Callable[[int], None], clock: Callable[[], float]) -> None:
        """``draw`` makes names of holders by chance; ``pause(n)`` waits before the n-th look; ``clock`` is monotonic.

        ``lease`` is that of deliveries.
        """
        self._database = database
        self._seals = seals
        self._rules = rules
        self._lease = lease
        self._draw = draw
        self._pause = pause
        self._clock = clock

    def take(self, owner: str, request_id: str, cause: Cause) -> Claim | bytes:
        """Claim a request id, or return its answer if it has one by the end of the patience.

        Raises NotAnsweredError.
        """
        claim = Claim(owner, request_id, self._draw())
        deadline = self._clock() + self._rules.patience
        looks = 0
        while True:
            if self._insert(claim, cause):
                return claim
            found = self._look(claim)
            if found is not None:
                return found
            if self._clock() > deadline:
                raise NotAnsweredError
            looks += 1
            self._pause(looks)

    def settle(self, claim: Claim, answer: bytes, outgoing: Sequence[Outgoing], cause: Cause, *,
               secret: bool) -> list[Delivery]:
        """Store an answer, and what is to be delivered with it; return what to deliver now.

        Raises NotAnsweredError when somebody else has taken the claim over: then it is the other's answer that counts.
        """
        stored = self._seals.seal(answer, claim.owner, claim.id) if secret else answer
        for _ in range(TRIES - 1):
            with suppress(OutcomeUnknownError):
                return self._database.transaction(lambda tx: self._store(tx, claim, stored, outgoing, cause))
        return self._database.transaction(lambda tx: self._store(tx, claim, stored, outgoing, cause))

    def drop(self, claim: Claim) -> None:
        """Give a claim back, so that a repeat need not wait: the function has failed."""
        try:
            self._database.transaction(lambda tx: tx.execute(DROP, claim.owner, claim.id, claim.holder))
        except (DatabaseUnavailableError, OutcomeUnknownError) as error:
            log.warning("a claim is left until it ends by itself: %s", error)

    def _insert(self, claim: Claim, cause: Cause) -> bool:
        def insert(tx: Transaction) -> bool:
            try:
                tx.execute(INSERT, claim.owner, claim.id, claim.holder, self._microseconds(), cause.time)
            except DuplicateError:
                return False
            return True

        try:
            return self._database.transaction(insert)
        except OutcomeUnknownError:
            return False  # a look at the row tells whose it is

    def _look(self, claim: Claim) -> Claim | bytes | None:
        """Return the claim if it is ours, or the answer; None if there is neither yet."""
        row = self._database.read(lambda db: db.one(SELECT, claim.owner, claim.id))
        if row is None:
            return None
        answer, holder, over = row
        if answer is not None:
            return self._read(claim, answer)
        if holder == claim.holder or (over and self._take_over(claim, holder)):
            return claim
        return None

    def _read(self, claim: Claim, stored: bytes) -> bytes | None:
        try:
            return self._seals.read(stored, claim.owner, claim.id)
        except UnreadableError:
            log.warning("a stored answer cannot be read, its request is run again: was the key changed?")
            self._database.transaction(lambda tx: tx.execute(FORGET, claim.owner, claim.id, stored))
            return None

    def _take_over(self, claim: Claim, holder: str) -> bool:
        taken = self._database.transaction(lambda tx: tx.execute(
            TAKE_OVER, claim.holder, self._microseconds(), claim.owner, claim.id, holder))
        TAKEN_OVER.inc(taken)
        return bool(taken)

    def _store(self, tx: Transaction, claim: Claim, stored: bytes, outgoing: Sequence[Outgoing],
               cause: Cause) -> list[Delivery]:
        if not tx.execute(ANSWER, stored, claim.owner, claim.id, claim.holder):
            require_ours(tx.one(SELECT, claim.owner, claim.id), claim)
            return []  # the commit of a try before has happened, deliveries included
        db = Work(tx.connection, cause, self._lease)
        for kind, body in outgoing:
            db.deliver(kind, body)
        return db.deliveries

    def _microseconds(self) -> int:
        return round(self._rules.lasts * 1_000_000)


def require_ours(row: Row | None, claim: Claim) -> None:
    """Raise NotAnsweredError unless the row holds an answer under this claim."""
    if row is None or row[0] is None or row[1] != claim.holder:
        raise NotAnsweredError
