"""A process of the crowd: a load client that knows what became of each write, and whose gates may change meanwhile.

Its order has the fields of ``CrowdOrder``; its result is what ``crowd.Outcome`` reads. After the times it takes a line
on the standard input now and then: a list of ``[host, port]``, to which new connections go from then on, or ``null``,
to end.
"""

import itertools
import json
import os
import re
import select
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.load.client import Client, Order
from tests.load.connection import Connection, connect
from tests.load.histogram import Histogram
from tests.load.part import Times, take_part
from tests.load.tally import NO_ANSWER, NO_SUCCESS

REQUEST_ID = re.compile(rb'"request_id":"([^"]+)"')
MAIL = b'"send_text_mail"'
KINDS = ("read", "write", "mail")
BUSY = "-3"
MOST_FAILURES = 200
ORDERS = 0
"""The standard input."""
ORDER_BYTES = 65536


@dataclass(frozen=True)
class CrowdOrder(Order):
    """What such a process is to do."""

    sources: list[str] = field(default_factory=list)
    """Addresses of this machine that its connections come from in turn: many users, not one."""


class CrowdClient(Client):
    """Runs one order."""

    def __init__(self, order: CrowdOrder, times: Times) -> None:
        super().__init__(order, times)
        self._sources: Iterator[str] = itertools.cycle(order.sources)
        self._epoll.register(ORDERS, select.EPOLLIN)
        self._kept: set[int] = set()
        """Connections that have given an answer already."""
        self.refusals = Histogram()
        """How long refusals took, in the measured span."""
        self.resent = 0
        """Requests that were sent once more because a kept connection had ended when they were sent."""
        self.failures: list[tuple[float, str]] = []
        """When a request was due that failed, and how; the first ones."""
        self.accepted = {kind: Histogram() for kind in KINDS}
        """How long good answers took, in the measured span."""
        self.acknowledged: dict[str, list[str]] = {"write": [], "mail": []}
        self.unknown: dict[str, list[str]] = {"write": [], "mail": []}
        """Request ids by kind: those that got a good answer, and all others."""

    def _proceed(self, number: int) -> None:
        if number == ORDERS:
            self._obey(os.read(ORDERS, ORDER_BYTES))
        else:
            super()._proceed(number)

    def _obey(self, lines: bytes) -> None:
        """The last line counts; those who have a connection keep it."""
        if not lines:
            self._epoll.unregister(ORDERS)
            return
        gates = json.loads(lines.splitlines()[-1])
        if gates is None:
            self._finished = True
        else:
            self._addresses = itertools.cycle([(str(host), int(port)) for host, port in gates])

    def _begin(self, due: float) -> None:
        if not self._finished:
            super()._begin(due)

    def _connection(self) -> Connection:
        while self._idle:
            kept = self._idle.popitem()[1]
            if not has_ended(kept.peer):
                return kept
            kept.peer.close()
        return self._fresh()

    def _fresh(self) -> Connection:
        fresh = connect(next(self._addresses), None, next(self._sources))
        self._kept.discard(fresh.number)
        return fresh

    def _end(self, connection: Connection, outcome: str) -> None:
        if outcome == "closed" and connection.number in self._kept:
            self._send_again(connection)
            return
        self._kept.add(connection.number)
        self._note(connection, outcome)
        super()._end(connection, outcome)

    def _send_again(self, old: Connection) -> None:
        """As the HTTP of browsers does: the server may end a kept connection just when the next request is sent."""
        self.resent += 1
        del self._busy[old.number]
        old.peer.close()
        fresh = self._fresh()
        self._busy[fresh.number] = fresh
        try:
            fresh.begin(old.line, old.due, self._epoll)
        except OSError:
            self._end(fresh, "closed")

    def _note(self, connection: Connection, outcome: str) -> None:
        good, found = outcome not in NO_SUCCESS | NO_ANSWER, REQUEST_ID.search(connection.line)
        kind = "read" if found is None else "mail" if MAIL in connection.line else "write"
        if self._times.measure_from <= connection.due < self._times.end and (good or outcome == BUSY):
            (self.accepted[kind] if good else self.refusals).add(time.monotonic() - connection.due)
        if not good and len(self.failures) < MOST_FAILURES:
            self.failures.append((connection.due, outcome))
        if found is not None:
            (self.acknowledged if good else self.unknown)[kind].append(found[1].decode())


def has_ended(peer: socket.socket) -> bool:
    """Whether the other side has closed a connection on which nothing is owed."""
    try:
        return not peer.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True


def prepare(fields: dict[str, Any]) -> Callable[[Times], dict[str, Any]]:
    """Take an order; return what carries it out."""
    order = CrowdOrder(**fields)

    def work(times: Times) -> dict[str, Any]:
        client = CrowdClient(order, times)
        cpu = client.run()
        return {"accepted": {kind: times.as_json() for kind, times in client.accepted.items()},
                "tally": client.tally.as_json(), "refusals": client.refusals.as_json(), "resent": client.resent,
                "cpu": cpu, "failures": client.failures, "acknowledged": client.acknowledged, "unknown": client.unknown}
    return work


if __name__ == "__main__":
    take_part(prepare)
