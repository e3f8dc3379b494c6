"""What a family may do only so often a day: counted for the family, whoever of its officials does it. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Daily(StrEnum):
    """What is counted, by the name of its counter."""

    REMOVALS = "removals"
    NOTICES = "notices"
    INVITATIONS = "invitations"


@dataclass(frozen=True)
class Used:
    """How often a family has done each on ``day``, a day in Shanghai."""

    day: date | None
    removals: int = 0
    notices: int = 0
    invitations: int = 0

    def on(self, day: date) -> "Used":
        """Return what is used on a day: nothing yet on a new one."""
        return self if self.day == day else Used(day)

    def count(self, what: Daily) -> int:
        """Return how often something was done."""
        return self._counts()[what]

    def plus(self, what: Daily) -> "Used":
        """Return the counters after something was done once more."""
        counts = self._counts()
        counts[what] += 1
        return Used(self.day, counts[Daily.REMOVALS], counts[Daily.NOTICES], counts[Daily.INVITATIONS])

    def _counts(self) -> dict[Daily, int]:
        return {Daily.REMOVALS: self.removals, Daily.NOTICES: self.notices, Daily.INVITATIONS: self.invitations}
