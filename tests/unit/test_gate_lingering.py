"""Answered connections that wait for their clients' end."""

import socket
from collections.abc import Iterator

import gevent
import pytest

from apps.gate.lingering import Lingering


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Answered:
    """A connection whose answer was sent, in the hands of a Lingering that lets clients 2 s."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.client = socket.create_connection(listener.getsockname(), timeout=5)
            self.peer, _ = listener.accept()
        self.peer.sendall(b"answer")
        self.clock = Clock()
        self.closed = 0
        self.lingering = Lingering(seconds=2, clock=self.clock, spawn=gevent.spawn)

    def take(self) -> None:
        self.lingering.take(self.peer, self._count)

    def look_after(self, seconds: float) -> bool:
        """Let time pass, look, and return whether the connection is closed, which must have been told once."""
        self.clock.now += seconds
        gevent.sleep(0.01)
        self.lingering.look()
        assert self.closed == (self.peer.fileno() == -1)
        return bool(self.closed)

    def _count(self) -> None:
        self.closed += 1


@pytest.fixture
def answered() -> Iterator[Answered]:
    connection = Answered()
    yield connection
    connection.client.close()
    connection.peer.close()


def test_the_client_sees_answer_and_end_at_once(answered: Answered) -> None:
    answered.take()
    assert answered.client.recv(100) == b"answer"
    assert answered.client.recv(100) == b""
    assert not answered.closed


def test_it_is_closed_soon_after_the_client_closed(answered: Answered) -> None:
    answered.take()
    answered.client.close()
    assert answered.look_after(0.06)
    assert len(answered.lingering) == 0


def test_a_client_that_stays_is_left_when_its_time_is_over(answered: Answered) -> None:
    answered.take()
    assert not any(answered.look_after(0.19) for _ in range(10))
    assert len(answered.lingering) == 1
    assert answered.look_after(0.2)


def test_a_client_that_closes_later_is_noticed_before_the_end(answered: Answered) -> None:
    answered.take()
    assert not answered.look_after(0.1)
    answered.client.close()
    assert answered.look_after(0.2)


def test_what_a_client_still_sends_is_read_so_that_nothing_is_reset(answered: Answered) -> None:
    answered.take()
    answered.client.sendall(b"more" * 50_000)
    assert not answered.look_after(0.1)
    for _ in range(5):
        answered.client.sendall(b"more" * 50_000)
        gevent.sleep(0.01)
    assert answered.client.recv(100) == b"answer"
    assert answered.client.recv(100) == b""
    answered.client.close()
    gevent.sleep(0.05)
    assert answered.closed == 1


def test_a_client_that_was_reset_is_closed(answered: Answered) -> None:
    answered.take()
    answered.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    answered.client.close()
    assert answered.look_after(0.1)


def test_a_connection_that_is_dead_already_is_closed_at_once(answered: Answered) -> None:
    answered.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    answered.client.close()
    gevent.sleep(0.01)
    answered.take()
    assert answered.look_after(0.1)


def test_the_end_closes_all(answered: Answered) -> None:
    answered.lingering.start()
    answered.take()
    answered.lingering.stop()
    assert answered.closed == 1
    assert answered.client.recv(100) == b"answer"
