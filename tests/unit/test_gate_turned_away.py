import os
import socket
from collections.abc import Iterator

import gevent
import pytest

from apps.gate import lingering
from apps.gate.lingering import Lingering
from apps.gate.turned_away import TurnedAway

SECONDS = 0.5


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def left_open(clock: Clock) -> Iterator[Lingering]:
    left_open = Lingering(SECONDS, spawn=gevent.spawn, clock=clock)
    yield left_open
    left_open.stop()
    assert len(left_open) == 0


def refused(left_open: Lingering, sent: bytes = b"") -> socket.socket:
    """Return the client's end of a connection that was turned away; it sent something before."""
    ours, client = socket.socketpair()
    client.settimeout(5)
    client.sendall(sent)
    TurnedAway(b'{"status":-3}', left_open).take(ours.detach())
    return client


@pytest.mark.parametrize(("sent", "count"), [(b'{"function":"f"}\r\n', 0), (b'{"function"', 1), (b"", 1)])
def test_a_client_gets_the_answer_and_the_end_at_once(left_open: Lingering, sent: bytes, count: int) -> None:
    with refused(left_open, sent) as client:
        assert client.recv(100) == b'{"status":-3}\r\n'
        assert client.recv(100) == b""
        assert len(left_open) == count


def test_a_connection_stays_until_its_client_could_read_and_no_longer(left_open: Lingering, clock: Clock) -> None:
    with refused(left_open) as client:
        clock.now = SECONDS - 0.01
        left_open.sweep()
        client.sendall(b"still there\r\n")
        clock.now = SECONDS
        left_open.sweep()
        assert len(left_open) == 0
        with pytest.raises(OSError, match=r"pipe|reset"):
            client.sendall(b"gone\r\n")


def test_a_crowd_closes_the_oldest(left_open: Lingering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingering, "MOST", 3)
    clients = [refused(left_open) for _ in range(10)]
    assert len(left_open) == 3
    assert [client.recv(100) for client in clients] == [b'{"status":-3}\r\n'] * 10
    for client in clients:
        client.close()


def test_a_client_that_is_gone_already_is_forgotten(left_open: Lingering) -> None:
    ours, client = socket.socketpair()
    client.close()
    number = ours.detach()
    TurnedAway(b"{}", left_open).take(number)
    assert is_closed(number)


def is_closed(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False
