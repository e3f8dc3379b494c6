"""Speaks to the gates as the client library does, and keeps count."""

import json
import secrets
from collections.abc import Sequence
from time import monotonic
from typing import Any

from apps.client.gate import Address, Gate, NoAnswerError
from apps.client.player import Player
from tests.faults.journal import Attempt
from tests.faults.people import Person
from tests.faults.tally import Tally

TRY_SECONDS = 2.5
SUCCESS = 0


class CountingGate(Gate):
    """Counts tries and answers, and keeps the latest answer line."""

    def __init__(self, addresses: Sequence[Address], tally: Tally) -> None:
        super().__init__(list(addresses), TRY_SECONDS)
        self.tally = tally
        self.line = b""

    def _exchange(self, address: Address, line: bytes) -> bytes:
        self.tally.tries += 1
        try:
            self.line = super()._exchange(address, line)
        except Exception as error:
            self.tally.broke(error)
            raise
        self.tally.answered(self.line)
        return self.line


class Caller:
    """Calls functions for any person, one call after the other. Only one greenlet may use it."""

    def __init__(self, addresses: Sequence[Address], tally: Tally) -> None:
        """The first of the ``addresses`` gets the first try of each call."""
        self._gate = CountingGate(addresses, tally)
        self._tally = tally

    def read(self, person: Person, kind: str, function: str, **data: Any) -> Any:
        """Return the ``data`` of a good answer, None when there was none."""
        answer = self._call(person, kind, function, None, data)
        return None if answer is None else answer["data"]

    def write(self, person: Person, kind: str, attempt: Attempt) -> Any:
        """Make an attempt; return the ``data`` of a good answer, None when there was none."""
        answer = self._call(person, kind, attempt.function, attempt.request_id, attempt.data)
        if answer is None:
            return None
        if attempt.answer is None:
            attempt.answer = self._gate.line
        elif attempt.answer != self._gate.line:
            self._tally.wrong_answer(f"{attempt.function} repeated: {self._gate.line!r} after {attempt.answer!r}")
        return answer["data"]

    def _call(self, person: Person, kind: str, function: str, request_id: str | None, data: dict[str, Any]) -> Any:
        self._tally.requests += 1
        begun = monotonic()
        try:
            answer = Player(self._gate, person.state).call(function, request_id, **data)
        except NoAnswerError as error:
            self._tally.fail(str(error))
            return None
        finally:
            self._tally.waited(monotonic() - begun)
        if answer["status"] != SUCCESS:
            self._tally.wrong_answer(f"{function}: {json.dumps(answer)}")
            return None
        self._tally.success(kind)
        return answer


def attempt(function: str, effects: dict[int, int], **data: Any) -> Attempt:
    """Return a new attempt with an id of its own."""
    return Attempt(secrets.token_hex(16), function, data, effects)
