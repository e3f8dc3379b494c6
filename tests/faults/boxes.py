"""What must be in one mailbox: each mail that was sent to it once, each gift granted once."""

from collections.abc import Iterable, Mapping
from typing import Any

ROOM = 36
"""Mails that may be on their way to a box or in it before no more is sent to it; a box holds 50."""


class BoxLog:
    """One mailbox. Text mails have unique bodies; a gift's quantity of its item is unique."""

    def __init__(self) -> None:
        self._sent: set[str] = set()
        self._given_up: set[str] = set()
        self._seen: dict[str, str] = {}
        self._granted: dict[str, str] = {}
        self._leaving: set[str] = set()
        self._lingering: set[str] = set()
        self._gone: set[str] = set()
        self._held = 0
        self._new = 0
        self.problems: list[str] = []

    @property
    def has_room(self) -> bool:
        return self._held + self._new < ROOM

    @property
    def missing(self) -> set[str]:
        """The mails that were sent and not seen yet."""
        return self._sent - set(self._seen.values()) - self._given_up

    @property
    def ungranted(self) -> set[str]:
        """The gifts that were seen and not granted yet."""
        gifts = {mark for mark in self._sent if mark.isdigit()}
        return gifts - set(self._granted.values()) - self.missing - self._given_up

    def quantity(self, key: str) -> int:
        """Return the quantity of a gift that was listed."""
        return int(self._seen[key])

    def send(self, mark: str) -> None:
        """Note a mail before it is sent; ``mark`` is its body, or its quantity in decimal when it is a gift."""
        self._sent.add(mark)
        self._new += 1

    def listed(self, mails: Iterable[Mapping[str, Any]]) -> list[str]:
        """Take a listing of the whole box; return the keys of its gifts that are not granted yet."""
        marks = {str(mail["key"]): mark_of(mail) for mail in mails}
        fresh = [key for key in marks if key not in self._seen]
        for key in fresh:
            self._see(key, marks[key])
        self.problems += [f"a mail is back after its deletion: {marks[key]}" for key in self._gone & marks.keys()]
        self._gone |= self._leaving - marks.keys()
        self._leaving &= marks.keys()
        self._lingering = set(self._leaving)
        self._held, self._new = len(marks), max(0, self._new - len(fresh))
        return [key for key in marks if marks[key].isdigit() and key not in self._granted]

    def grant(self, granted: Mapping[str, Iterable[Mapping[str, int]]]) -> None:
        """Take the ``success`` of one acknowledged accept_gifts: mail key -> what was granted for it."""
        for key, things in granted.items():
            quantity = str(sum(thing["reward"] for thing in things))
            if key in self._granted:
                self.problems.append(f"a gift was granted twice: {quantity}")
            if quantity != self._seen.get(key):
                self.problems.append(f"the gift {self._seen.get(key)} granted {quantity}")
            self._granted[key] = quantity

    def delete(self, keys: Iterable[str]) -> None:
        """Take the keys of an acknowledged deletion; their mails may be listed a little longer, until they are gone."""
        leaving = set(keys)
        self._leaving |= leaving
        self._held = max(0, self._held - len(leaving))

    def report(self) -> list[str]:
        """Return everything that is wrong when all must have arrived; the next report does not tell it again."""
        texts = [*self.problems, *(f"a mail is lost: {mark}" for mark in sorted(self.missing)),
                 *(f"a gift is not granted: {mark}" for mark in sorted(self.ungranted)),
                 *(f"a mail is still there after its deletion: {self._seen[key]}" for key in sorted(self._lingering))]
        self._given_up |= self.missing | self.ungranted
        self._lingering.clear()
        self.problems = []
        return texts

    def _see(self, key: str, mark: str) -> None:
        if mark not in self._sent:
            self.problems.append(f"a mail that nobody sent here: {mark}")
        if mark in self._seen.values():
            self.problems.append(f"a mail came twice: {mark}")
        self._seen[key] = mark


def mark_of(mail: Mapping[str, Any]) -> str:
    """Return what tells a mail from all others: the quantity of a gift, the body of any other mail."""
    return str(mail["items"]).rpartition(":")[2] if "items" in mail else str(mail["body"])
