"""The gate against clients that are slow or send too much."""

import contextlib
import socket
from collections.abc import Iterator
from time import monotonic

import gevent
import pytest

from tests.support.gate import NOW, System, ask, connect, read_all, running, status
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("gate"), line_seconds=0.6, send_seconds=0.5, close_seconds=0.5) as system:
        yield system


@pytest.fixture
def system(shared: System) -> Iterator[System]:
    shared.worker.behave = lambda _: NOW
    shared.worker.jobs.clear()
    yield shared
    assert ask(shared.gate.port) == NOW + b"\r\n"  # whatever happened, the next client is served


def test_a_silent_client_is_closed_without_a_word(system: System) -> None:
    begun = monotonic()
    with connect(system.gate.port) as client:
        assert not read_all(client)
    assert 0.5 < monotonic() - begun < 20


def test_half_a_line_is_refused_when_the_time_is_over(system: System) -> None:
    begun = monotonic()
    with connect(system.gate.port) as client:
        client.sendall(b'{"function":"f"}')
        answer = read_all(client)
    assert 0.5 < monotonic() - begun < 20
    assert status(answer) == -4
    assert b"line end" in answer


def test_a_byte_now_and_then_buys_no_time(system: System) -> None:
    begun = monotonic()
    with connect(system.gate.port) as client:
        dripper = gevent.spawn(_drip, client)
        assert status(read_all(client)) == -4
        dripper.kill()
    assert 0.5 < monotonic() - begun < 20


def _drip(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            client.sendall(b"{")
            gevent.sleep(0.1)


def test_a_line_over_the_limit_is_refused_although_all_of_it_was_sent_first(system: System) -> None:
    with connect(system.gate.port) as client:
        client.sendall(b'{"function":"' + b"f" * 2_000_000 + b'"}\r\n')
        answer = read_all(client)
    assert status(answer) == -4
    assert b"65536" in answer


def test_a_line_at_the_limit_is_served(system: System) -> None:
    line = b'{"function":"f","data":{"x":"%s"}}'
    line %= b"x" * (65_536 - len(line) + 2)
    assert len(line) == 65_536
    assert ask(system.gate.port, line) == NOW + b"\r\n"
    assert status(ask(system.gate.port, line + b" ")) == -4


def test_a_client_that_never_reads_is_cut_off(system: System) -> None:
    system.worker.behave = lambda _: b"x" * 1_000_000
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", system.gate.port))
        for _ in range(20):  # more than any buffer on the way takes
            client.sendall(b'{"function":"f","keep_alive":true}\r\n')
        wait_for(lambda: system.worker.jobs)
        wait_for(lambda: system.gate.metric("gate_connections") == 0)
    system.worker.behave = lambda _: NOW
