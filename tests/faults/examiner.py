"""After a case: repeats what was not acknowledged, and compares what the system holds with the journals."""

import random
from collections.abc import Callable, Iterable
from time import monotonic

import gevent
from gevent.pool import Pool

from apps.client.gate import Address
from tests.faults import postbox
from tests.faults.caller import Caller
from tests.faults.people import Cast, Person
from tests.faults.stage import Ground
from tests.faults.tally import Tally

REPEAT_SECONDS = 30.0
DELIVERY_SECONDS = 30.0
POLL_SECONDS = 0.1
AT_ONCE = 8
SAMPLE = 4


class Examiner:
    """Examines one cast on one stage. What is wrong is a text each."""

    def __init__(self, stage: Ground, cast: Cast, chance: random.Random) -> None:
        self._stage = stage
        self._cast = cast
        self._chance = chance
        self._tally = Tally(monotonic)
        self._problems: list[str] = []

    def examine(self) -> list[str]:
        """Return what is wrong with writes, mails and gifts. Begins a new chapter in all journals."""
        self._problems, self._tally = [], Tally(monotonic)
        self._for_all(self._cast.players, self._within_bounds)
        self._for_all(self._cast.players, self._acknowledge)
        self._for_all(self._cast.players, self._repeat_some)
        for _ in range(2):  # the second look finds mails that came back, or did not go
            self._wait("deliveries are left in the outbox", lambda: self._stage.waiting_mails() == 0)
            self._for_all(self._cast.receivers, self._collect)
        self._for_all(self._cast.players, self._exact)
        return [*self._problems, *self._stage.verify_ledger(), *self._boxes(), *self._tally.wrong]

    def _for_all(self, people: Iterable[Person], work: Callable[[Caller, Person], None]) -> None:
        pool = Pool(AT_ONCE)
        jobs = [pool.spawn(work, Caller(self._order(number), self._tally), person)
                for number, person in enumerate(people)]
        gevent.joinall(jobs, raise_error=True)

    def _order(self, number: int) -> list[Address]:
        gates = list(self._stage.gates)
        return gates if number % 2 else gates[::-1]

    def _within_bounds(self, caller: Caller, person: Person) -> None:
        """Before anything is repeated: acknowledged writes are there, the others at most once."""
        self._compare(caller, person, "before repeats")

    def _compare(self, caller: Caller, person: Person, when: str) -> dict[int, int] | None:
        data = caller.read(person, "read", "get_all_resource")
        if data is None:
            self._problems.append(f"{person.name} cannot be read {when}")
            return None
        held = {item["iid"]: item["value"] for item in data["items"]}
        self._problems += [f"{person.name} {when}: {text}" for text in person.journal.problems(held)]
        return held

    def _acknowledge(self, caller: Caller, person: Person) -> None:
        deadline = monotonic() + REPEAT_SECONDS
        while person.journal.open and monotonic() < deadline:
            for old in person.journal.open:
                postbox.repeat(caller, person, old)
        if person.journal.open:
            self._problems.append(f"{person.name}: {len(person.journal.open)} requests are never acknowledged")

    def _repeat_some(self, caller: Caller, person: Person) -> None:
        """Repeats get the same bytes; the caller notes it when they do not."""
        known = person.journal.acknowledged + person.journal.old
        for old in self._chance.sample(known, min(SAMPLE, len(known))):
            postbox.repeat(caller, person, old)

    def _collect(self, caller: Caller, owner: Person) -> None:
        postbox.empty(caller, owner)
        self._acknowledge(caller, owner)

    def _exact(self, caller: Caller, person: Person) -> None:
        held = self._compare(caller, person, "after repeats")
        if held is not None:
            person.journal.settle(held)

    def _boxes(self) -> list[str]:
        return [f"{owner.name}: {text}" for owner in self._cast.receivers for text in owner.box.report()]

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        deadline = monotonic() + DELIVERY_SECONDS
        while not condition():
            if monotonic() > deadline:
                self._problems.append(what)
                return
            gevent.sleep(POLL_SECONDS)
