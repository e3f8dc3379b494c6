"""How much may wait for all clients of an edge together, and who goes when it is too much."""

import socket
from collections.abc import Iterator

import gevent
import pytest

from apps.edge.backlog import Backlog
from apps.edge.outbound import Outbound, SendLimits

LIMIT = 100_000


class Client:
    """A client that reads nothing by itself."""

    def __init__(self, backlog: Backlog) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.cuts = 0
        self.outbound = Outbound(self.near, SendLimits(LIMIT, 10, backlog), self._cut)
        self.outbound.open()

    def _cut(self) -> None:
        self.cuts += 1

    def drain(self) -> None:
        """Read all that waits."""
        self.far.settimeout(5)
        while self.outbound.queued:
            self.far.recv(65536)
            gevent.sleep(0)

    def close(self) -> None:
        self.outbound.close()
        self.near.close()
        self.far.close()


@pytest.fixture
def backlog() -> Backlog:
    return Backlog(LIMIT)


@pytest.fixture
def clients(backlog: Backlog) -> Iterator[list[Client]]:
    clients = [Client(backlog) for _ in range(4)]
    yield clients
    for client in clients:
        client.close()


def test_the_slowest_goes_first_and_the_others_stay(backlog: Backlog, clients: list[Client]) -> None:
    slow, *others = clients
    slow.outbound.send(b"x" * 70_000)
    for other in others:
        other.outbound.send(b"x" * 30_000)
    assert [client.cuts for client in clients] == [1, 0, 0, 0]
    assert backlog.total == sum(client.outbound.queued for client in clients) <= LIMIT


def test_who_would_be_too_much_alone_goes_itself(backlog: Backlog, clients: list[Client]) -> None:
    first, second = clients[:2]
    first.outbound.send(b"x" * 40_000)
    second.outbound.send(b"x" * 90_000)
    assert (first.cuts, second.cuts) == (0, 1)
    assert backlog.total == first.outbound.queued


def test_what_was_sent_or_given_up_does_not_count(backlog: Backlog, clients: list[Client]) -> None:
    reader, leaver = clients[:2]
    for _ in range(5):
        reader.outbound.send(b"x" * 40_000)
        reader.drain()
    leaver.outbound.send(b"x" * 40_000)
    leaver.outbound.close()
    gevent.sleep(0.01)
    assert backlog.total == 0
    assert [client.cuts for client in clients] == [0, 0, 0, 0]
