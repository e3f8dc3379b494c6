"""What the writes of one player must have led to: every acknowledged one once, every other one at most once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_OLD = 20


@dataclass
class Attempt:
    """A request with an id, repeated under that id until it is acknowledged."""

    request_id: str
    function: str
    data: dict[str, Any]
    effects: Mapping[int, int] = field(default_factory=dict)
    """Item -> what it adds to the balance when it happens."""
    answer: bytes | None = None
    """The whole line of the first good answer; None while nobody knows whether it happened."""


class Journal:
    """The attempts of one player since the last settlement, and the balances that were right then."""

    def __init__(self, balances: Mapping[int, int] | None = None) -> None:
        self._settled: Counter[int] = Counter(balances or {})
        self.attempts: list[Attempt] = []
        self.old: list[Attempt] = []
        """One acknowledged attempt of each chapter before; its answer stays what it was."""

    def begin(self, attempt: Attempt) -> Attempt:
        """Note an attempt before it is made."""
        self.attempts.append(attempt)
        return attempt

    @property
    def open(self) -> list[Attempt]:
        """The attempts that were not acknowledged."""
        return [attempt for attempt in self.attempts if attempt.answer is None]

    @property
    def acknowledged(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.answer is not None]

    @property
    def items(self) -> list[int]:
        """The items that any attempt is about."""
        return sorted({item for attempt in self.attempts for item in attempt.effects} | set(self._settled))

    def bounds(self, item: int) -> tuple[int, int]:
        """Return the least and the most that the player may have of an item now."""
        known = self._settled[item] + sum(attempt.effects.get(item, 0) for attempt in self.acknowledged)
        unknown = [attempt.effects.get(item, 0) for attempt in self.open]
        return known + sum(min(0, effect) for effect in unknown), known + sum(max(0, effect) for effect in unknown)

    def problems(self, balances: Mapping[int, int]) -> list[str]:
        """Compare balances with what may be; exact when nothing is open."""
        found = []
        for item in self.items:
            least, most = self.bounds(item)
            held = balances.get(item, 0)
            if not least <= held <= most:
                found.append(f"item {item}: {held} held, {least} to {most} expected")
        return found

    def settle(self, balances: Mapping[int, int]) -> None:
        """Begin anew with balances that were found right."""
        self.old = [*self.old, *self.acknowledged[-1:]][-MOST_OLD:]
        self._settled = Counter({item: balances.get(item, 0) for item in self.items})
        self.attempts.clear()
