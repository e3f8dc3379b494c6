import os
import socket
from collections.abc import Iterator

import gevent
import pytest

from apps.gate import turned_away
from apps.gate.turned_away import LINGER_SECONDS, TurnedAway


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def refusals(clock: Clock) -> Iterator[TurnedAway]:
    refusals = TurnedAway(b'{"status":-3}', spawn=gevent.spawn, clock=clock)
    yield refusals
    refusals.stop()


def refused(refusals: TurnedAway, sent: bytes = b"") -> socket.socket:
    """Return the client's end of a connection that was turned away; it sent something before."""
    ours, client = socket.socketpair()
    client.settimeout(5)
    client.sendall(sent)
    refusals.take(ours.detach())
    return client


@pytest.mark.parametrize(("sent", "left_open"), [(b'{"function":"f"}\r\n', 0), (b'{"function"', 1), (b"", 1)])
def test_a_client_gets_the_answer_and_the_end_at_once(refusals: TurnedAway, sent: bytes, left_open: int) -> None:
    with refused(refusals, sent) as client:
        assert client.recv(100) == b'{"status":-3}\r\n'
        assert client.recv(100) == b""
        assert len(refusals) == left_open


def test_a_connection_stays_until_its_client_could_read_and_no_longer(refusals: TurnedAway, clock: Clock) -> None:
    with refused(refusals) as client:
        clock.now = LINGER_SECONDS - 0.01
        refusals.sweep()
        client.sendall(b"still there\r\n")
        clock.now = LINGER_SECONDS
        refusals.sweep()
        assert len(refusals) == 0
        with pytest.raises(OSError, match=r"pipe|reset"):
            client.sendall(b"gone\r\n")


def test_a_crowd_closes_the_oldest(refusals: TurnedAway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turned_away, "LINGERING", 3)
    clients = [refused(refusals) for _ in range(10)]
    assert len(refusals) == 3
    assert [client.recv(100) for client in clients] == [b'{"status":-3}\r\n'] * 10
    for client in clients:
        client.close()


def test_a_client_that_is_gone_already_is_forgotten(refusals: TurnedAway) -> None:
    ours, client = socket.socketpair()
    client.close()
    refusals.take(ours.detach())
    assert len(refusals) == 0


def test_with_tls_the_connection_is_closed_without_a_word(clock: Clock) -> None:
    ours, client = socket.socketpair()
    number = ours.detach()
    TurnedAway(None, spawn=gevent.spawn, clock=clock).take(number)
    assert client.recv(100) == b""
    client.close()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(number)
