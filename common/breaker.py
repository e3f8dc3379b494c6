"""A limit for callers of a service that does not answer, so that not all of a process waits for it. Pure."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class MuteError(Exception):
    """The service does not answer, and as many as may wait for it do."""

    def __init__(self) -> None:
        super().__init__("it is mute, and others wait for it already")


class Breaker:
    """Lets any number call a service that answers, and a few one that is mute.

    A service is mute when its oldest caller, and everybody else, has waited for an answer for ``patience`` seconds, or
    gave up then; until somebody gets an answer. The few that may wait meanwhile find out when it is back.
    """

    def __init__(self, *, patience: float, tries: int, clock: Callable[[], float]) -> None:
        """``tries`` is how many may wait for a mute service."""
        self._patience = patience
        self._tries = tries
        self._clock = clock
        self._begun: dict[int, float] = {}
        self._number = 0
        self._answered = clock()
        self._given_up = False

    def admits(self) -> bool:
        """Whether one more may call."""
        return len(self._begun) < self._tries or not self._is_mute()

    def call(self, work: Callable[[], T], *, always: bool = False) -> T:
        """Return what ``work`` returns, which is an answer; whatever it raises means that there was none.

        Raises MuteError, unless ``always``.
        """
        if not always and not self.admits():
            raise MuteError
        self._number += 1
        number, answered = self._number, False
        self._begun[number] = self._clock()
        try:
            answer = work()
            answered = True
            return answer
        finally:
            del self._begun[number]
            self._learn(answered=answered)

    def _learn(self, *, answered: bool) -> None:
        if answered:
            self._answered = self._clock()
            self._given_up = False
        elif self._clock() - self._answered >= self._patience:
            self._given_up = True

    def _is_mute(self) -> bool:
        if self._given_up:
            return True
        oldest = next(iter(self._begun.values()), self._clock())
        return self._clock() - max(oldest, self._answered) >= self._patience
