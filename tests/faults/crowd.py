"""A crowd: players of its own, who ask from processes of their own, so that those who measure are not held up."""

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from time import monotonic
from typing import Any

import gevent

from apps.client.gate import Address
from tests.faults.stage import Ground
from tests.load import players, scenario
from tests.load.histogram import Histogram
from tests.load.part import Part, Times
from tests.load.scenario import Scenario, Template
from tests.load.tally import NO_ANSWER, NO_SUCCESS, Tally, merged

ASKING, RECEIVING = 300, 200
"""Players who ask, so many that they rarely wait for one another, and who get mail, so many that no box gets full.

Nobody comes near to the rate of one player either.
"""
SOURCES = 48
"""Addresses that the requests of one process come from, for the same reason."""
LINES = 2000
CLIENTS = 64
WARM_UP_SECONDS = 0.7
IN_FLIGHT = 3000
"""Requests of one process that may be under way at once; what is over the capacity is refused, so there are fewer."""
PATIENCE_SECONDS = 15.0
LONGEST_SECONDS = 600.0
READ = Template("get_all_resource", 65)
WRITE = Template("add_resources", 25, request_id=True, data={"items": ["3:1:1"]})
MAIL = Template("send_text_mail", 10, request_id=True,
                data={"gn_target": "{receiver}", "msg": f"crowd {scenario.REQUEST_ID}"})
MIX = Scenario("reads, writes and mails", keep_alive=False, templates=(READ, WRITE, MAIL))
CLIENT = ["-m", "tests.faults.crowd_client"]
NUMBERS = itertools.count(0, ASKING + RECEIVING)
"""The first number of each crowd; no two of them have players in common."""


@dataclass(frozen=True)
class Outcome:
    """What several processes counted in the same span of time."""

    tally: Tally
    accepted: dict[str, Histogram]
    """``read``, ``write`` and ``mail`` -> how long good answers took."""
    refusals: Histogram
    resent: int
    """Requests that were sent again because a kept connection ended just then."""
    cpu: float
    """Seconds of CPU that the processes of the crowd used."""
    failures: Sequence[tuple[float, str]]
    acknowledged: dict[str, set[str]]
    """``write`` and ``mail`` -> the ids of requests that got a good answer."""
    unknown: dict[str, set[str]]
    """The same of all others."""

    @classmethod
    def of(cls, parts: Sequence[dict[str, Any]]) -> "Outcome":
        """Add up the results of processes."""
        accepted = {kind: united(part["accepted"][kind] for part in parts) for kind in ("read", "write", "mail")}
        return cls(merged(part["tally"] for part in parts), accepted, united(part["refusals"] for part in parts),
                   sum(part["resent"] for part in parts), sum(part["cpu"] for part in parts),
                   sorted((moment, how) for part in parts for moment, how in part["failures"]),
                   *({kind: {one for part in parts for one in part[name][kind]} for kind in ("write", "mail")}
                     for name in ("acknowledged", "unknown")))

    @property
    def per_second(self) -> float:
        """Good answers a second."""
        return self.tally.accepted_in_time / (self.tally.end - self.tally.begin)

    @property
    def unanswered(self) -> dict[str, int]:
        """How many requests got no answer, an answer that says nothing (-2), or an error, by outcome; not refusals."""
        bad = (NO_ANSWER | NO_SUCCESS | {"?"}) - {"-3"}
        return {outcome: count for outcome, count in self.tally.outcomes.items() if outcome in bad}

    def milliseconds(self, share: float) -> dict[str, int]:
        """Return a percentile of good answers by kind, of refusals, and of how late the crowd itself was, in ms."""
        measured = {**self.accepted, "accepted": self.tally.accepted, "refused": self.refusals, "late": self.tally.lag}
        return {name: round(times.percentile(share) * 1000) for name, times in measured.items()}


def united(parts: Iterable[dict[str, Any]]) -> Histogram:
    """Add up what processes measured."""
    total = Histogram()
    for part in parts:
        total.merge(Histogram.from_json(part))
    return total


class Crowd:
    """Half of it opens a connection for each request, the other half keeps its connections."""

    def __init__(self, ground: Ground, auth: str, mix: Scenario = MIX) -> None:
        """Puts its players into the database and lets the service at the URL ``auth`` issue their tokens."""
        first = next(NUMBERS)
        last = first + ASKING + RECEIVING
        self._gates = list(ground.gates)
        self._mix = mix
        players.insert_crowd(ground.database_url, first, last)
        self._accounts = players.crowd_accounts(auth, first, first + ASKING)
        self._receivers = [players.crowd_name(number) for number in range(first + ASKING, last)]

    def capacity(self, seconds: float) -> Outcome:
        """Let as many ask as keep the system busy, each again when it has its answer."""
        return self._measured(seconds, clients=CLIENTS)

    def offer(self, rate: float, seconds: float) -> Outcome:
        """Ask ``rate`` times a second, whatever the answers do."""
        return self._measured(seconds, rate=rate)

    @contextmanager
    def asking(self, rate: float) -> Iterator["Asking"]:
        """The same until it is told to end."""
        with self._started(LONGEST_SECONDS, rate=rate) as parts:
            yield Asking(parts)

    def _measured(self, seconds: float, *, clients: int = 0, rate: float = 0.0) -> Outcome:
        with self._started(seconds, clients=clients, rate=rate) as parts:
            gevent.sleep(WARM_UP_SECONDS + seconds)
            return Outcome.of([part.result() for part in parts])

    @contextmanager
    def _started(self, seconds: float, *, clients: int = 0, rate: float = 0.0) -> Iterator[list[Part]]:
        parts = [Part(CLIENT, self._order(number, clients // 2, rate / 2)) for number in range(2)]
        try:
            for part in parts:
                part.wait_ready()
            begin = monotonic()
            for part in parts:
                part.go(Times(begin, begin + WARM_UP_SECONDS, begin + WARM_UP_SECONDS + seconds))
            yield parts
        finally:
            for part in parts:
                part.kill()

    def _order(self, number: int, clients: int, rate: float) -> dict[str, Any]:
        """Return the order of one process; the second one keeps its connections."""
        mix = replace(self._mix, keep_alive=number == 1)
        return {"name": os.urandom(4).hex(), "addresses": places(self._gates), "clients": clients, "rate": rate,
                "keep_alive": mix.keep_alive, "patience": PATIENCE_SECONDS, "in_flight": IN_FLIGHT,
                "lines": mix.lines(self._accounts, self._receivers, LINES, Random(number)),
                "sources": [f"127.90.{number + 1}.{last + 1}" for last in range(SOURCES)]}


class Asking:
    """An open loop that goes on until it is told to end."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts

    def lead_to(self, gates: Sequence[Address]) -> None:
        """Let new connections go to these gates."""
        for part in self._parts:
            part.tell(places(gates))

    def end(self) -> Outcome:
        """Wait for the last answers."""
        for part in self._parts:
            part.tell(None)
        return Outcome.of([part.result() for part in self._parts])


def places(gates: Sequence[Address]) -> list[tuple[str, int]]:
    """Return addresses as the processes take them."""
    return [(gate.host, gate.port) for gate in gates]
