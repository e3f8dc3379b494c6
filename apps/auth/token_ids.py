"""Ids of tokens (``jti``), which order the tokens of a player by their issue.

An id is the time of issue in microseconds with 16 digits, a hyphen and random digits, so that comparing two ids as text
tells which token is the newer one. No two ids are equal, and a process never gives a lower one after a higher one.
"""

import re
from collections.abc import Callable

TIME_DIGITS = 16
RANDOM_BYTES = 8
TOKEN_ID = re.compile(rf"(\d{{{TIME_DIGITS}}})-[0-9a-f]{{{2 * RANDOM_BYTES}}}", re.ASCII)


class TokenIds:
    """Gives ids from a clock (in seconds) and a source of random hexadecimal text, like ``secrets.token_hex``."""

    def __init__(self, clock: Callable[[], float], random_hex: Callable[[int], str]) -> None:
        self._clock = clock
        self._random_hex = random_hex
        self._last = 0

    def next(self, after: str = "") -> str:
        """Return a new id, higher than ``after`` too, which may come from a process whose clock is ahead."""
        self._last = max(int(self._clock() * 1_000_000), self._last + 1)
        moment = max(self._last, issue_time(after) + 1)
        return f"{moment:0{TIME_DIGITS}d}-{self._random_hex(RANDOM_BYTES)}"


def is_token_id(value: object) -> bool:
    """Whether ``value`` has the form of an id."""
    return isinstance(value, str) and TOKEN_ID.fullmatch(value) is not None


def issue_time(token_id: str) -> int:
    """Return the time of issue in microseconds; 0 for what is no id."""
    match = TOKEN_ID.fullmatch(token_id)
    return int(match[1]) if match else 0
