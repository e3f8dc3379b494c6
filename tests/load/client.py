"""A process full of load clients, on epoll, so that the clients cost much less than what they measure.

A ``Part`` whose order has the fields of ``Order``, and whose result is a ``Tally`` with the CPU seconds of this process
in the measured span.

A closed loop has so many ``clients``, each of which asks again when it has its answer. An open loop asks ``rate`` times
a second, whatever the answers do; a latency counts from the moment when the request should have been sent.
"""

import itertools
import select
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.load import arrivals
from tests.load.connection import Connection, connect
from tests.load.part import Times, take_part
from tests.load.scenario import REQUEST_ID
from tests.load.tally import Tally, status_of

LONGEST_WAIT = 0.05


@dataclass(frozen=True)
class Order:
    """What a client process is to do."""

    name: str
    """Begins all its request ids."""
    addresses: list[tuple[str, int]]
    lines: list[str]
    clients: int = 0
    rate: float = 0.0
    arrivals: str = "poisson"
    """Of an open loop: ``poisson``, as independent users come, or ``fixed``."""
    once: bool = False
    """End when each line was sent once."""
    keep_alive: bool = False
    authority: str = ""
    """PEM file; TLS is spoken when it is given."""
    patience: float = 15.0
    """Seconds that a request may take."""
    in_flight: int = 5000
    """Requests of an open loop that may be under way at once."""


class Client:
    """Runs one order."""

    def __init__(self, order: Order, times: Times) -> None:
        self._order = order
        self._times = times
        self._epoll = select.epoll()
        self._tls = ssl.create_default_context(cafile=order.authority) if order.authority else None
        self._addresses = itertools.cycle([(str(host), int(port)) for host, port in order.addresses])
        self._lines = self._numbered()
        self._busy: dict[int, Connection] = {}
        self._idle: dict[int, Connection] = {}
        self._again = 0
        self._finished = False
        self._next_look = 0.0
        self.tally = Tally(times.measure_from, times.end)

    def run(self) -> float:
        """Load the gate; return the CPU seconds from ``measure_from`` to ``end``."""
        due = self._arrivals()
        upcoming, cpu = next(due, None), [0.0, 0.0]
        while ((now := time.monotonic()) < self._times.end and not self._finished) or self._busy:
            while upcoming is not None and upcoming <= now:
                self._begin(upcoming)
                upcoming = next(due, None)
            self._begin_again(now)
            self._look_for_late_ones(now)
            until = min(LONGEST_WAIT, (upcoming - now) if upcoming is not None else LONGEST_WAIT)
            for number, _ in self._epoll.poll(max(0.0, until)):
                self._proceed(number)
            self._mark(cpu)
        return cpu[1] - cpu[0]

    def _arrivals(self) -> Iterator[float]:
        order, times = self._order, self._times
        if order.clients:
            return itertools.repeat(times.begin, order.clients)
        if order.arrivals == "fixed":
            return arrivals.fixed(order.rate, times.begin, times.end)
        return arrivals.poisson(order.rate, times.begin, times.end, Random(order.name))

    def _numbered(self) -> Iterator[bytes]:
        name, mark = self._order.name.encode(), REQUEST_ID.encode()
        parts = [line.encode().split(mark) for line in self._order.lines]
        for number, line in enumerate(parts if self._order.once else itertools.cycle(parts)):
            yield (b"%s-%d" % (name, number)).join(line) + b"\r\n"

    def _begin(self, due: float) -> None:
        if len(self._busy) >= self._order.in_flight:
            self.tally.note(due, due, "not sent")
            return
        line = next(self._lines, None)
        if line is None:
            self._finished = True
            return
        self.tally.lag.add(time.monotonic() - due)
        connection = self._connection()
        self._busy[connection.number] = connection
        try:
            connection.begin(line, due, self._epoll)
        except OSError:
            self._end(connection, "closed")

    def _connection(self) -> Connection:
        """Return a connection that is kept and idle, or a new one."""
        return self._idle.popitem()[1] if self._idle else connect(next(self._addresses), self._tls)

    def _begin_again(self, now: float) -> None:
        """In a closed loop, who has an answer asks again."""
        again, self._again = self._again, 0
        if self._order.clients and now < self._times.end:
            for _ in range(again):
                self._begin(now)

    def _proceed(self, number: int) -> None:
        connection = self._busy.get(number)
        if connection is None:  # the server has closed a connection that was kept
            self._idle.pop(number).peer.close()
            return
        try:
            connection.flush(self._epoll)
            answer = connection.read()
        except OSError:
            self._end(connection, "closed")
            return
        if answer is not None:
            self._end(connection, status_of(answer))

    def _end(self, connection: Connection, outcome: str) -> None:
        self.tally.note(connection.due, time.monotonic(), outcome)
        self._again += 1
        del self._busy[connection.number]
        if self._order.keep_alive and outcome not in ("closed", "timeout"):
            self._idle[connection.number] = connection
        else:
            connection.peer.close()

    def _look_for_late_ones(self, now: float) -> None:
        if now < self._next_look:
            return
        self._next_look = now + 0.5
        for connection in [one for one in self._busy.values() if one.due + self._order.patience < now]:
            self._end(connection, "timeout")

    def _mark(self, cpu: list[float]) -> None:
        now = time.monotonic()
        if now < self._times.measure_from:
            cpu[0] = cpu[1] = time.process_time()
        elif now < self._times.end:
            cpu[1] = time.process_time()


def prepare(fields: dict[str, Any]) -> Callable[[Times], dict[str, Any]]:
    """Take an order; return what carries it out."""
    order = Order(**fields)

    def work(times: Times) -> dict[str, Any]:
        client = Client(order, times)
        cpu = client.run()
        return {**client.tally.as_json(), "cpu": cpu}
    return work


if __name__ == "__main__":
    take_part(prepare)
