"""The gate against more clients, requests and workers than it may have at once."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.support.gate import NOW, System, ask, connect, read_all, running, status
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("gate"), max_connections=30, max_connections_per_address=20, max_pending=5,
                 max_worker_connections=3, address_share=1) as system:
        yield system


@pytest.fixture
def system(shared: System) -> Iterator[System]:
    shared.worker.behave = lambda _: NOW
    shared.worker.jobs.clear()
    wait_for(lambda: shared.gate.metric("gate_connections") == 0)
    yield shared
    assert ask(shared.gate.port) == NOW + b"\r\n"  # whatever happened, the next client is served


def test_more_connections_of_one_address_are_told_to_come_later(system: System) -> None:
    before = system.gate.metric('gate_refused_total{reason="address"}')
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connect(system.gate.port))
        wait_for(lambda: system.gate.metric("gate_connections") == 20)
        with connect(system.gate.port) as refused:
            refused.sendall(b'{"function":"f"}\r\n')
            assert status(read_all(refused)) == -3
    assert system.gate.metric('gate_refused_total{reason="address"}') == before + 1
    wait_for(lambda: system.gate.metric("gate_connections") == 0)


def test_a_flood_over_the_limit_costs_those_inside_nothing(system: System) -> None:
    with contextlib.ExitStack() as stack:
        inside = [stack.enter_context(connect(system.gate.port)) for _ in range(20)]
        wait_for(lambda: system.gate.metric("gate_connections") == 20)
        flood = [stack.enter_context(connect(system.gate.port)) for _ in range(200)]
        for client in inside[:5]:
            client.sendall(b'{"function":"f"}\r\n')
        assert [read_all(client) for client in inside[:5]] == [NOW + b"\r\n"] * 5
        assert all(not (got := _read(client)) or status(got) == -3 for client in flood)
    wait_for(lambda: system.gate.metric("gate_connections") == 0)


def _read(client: socket.socket) -> bytes:
    try:
        return read_all(client)
    except ConnectionError:
        return b""


def test_connections_in_all_are_limited(system: System) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(30):  # every address of 127.0.0.0/8 is this machine's
            client = stack.enter_context(socket.socket())
            client.bind((f"127.0.0.{2 + number % 3}", 0))
            client.connect(("127.0.0.1", system.gate.port))
            wait_for(lambda expected=number + 1: system.gate.metric("gate_connections") == expected)  # type: ignore[misc]
        assert status(ask(system.gate.port)) == -3
    assert system.gate.metric('gate_refused_total{reason="connections"}') >= 1
    wait_for(lambda: system.gate.metric("gate_connections") == 0)


def test_requests_that_wait_are_limited(system: System) -> None:
    system.worker.behave = lambda _: None
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connect(system.gate.port)) for _ in range(5)]
        for client in waiting:
            client.sendall(b'{"function":"f"}\r\n')
        wait_for(lambda: len(system.worker.jobs) == 5)
        assert status(ask(system.gate.port)) == -3
        assert system.gate.metric('gate_refused_total{reason="pending"}') >= 1
        for message_id, _ in list(system.worker.jobs):
            system.worker.send(message_id, NOW)
        assert [read_all(client) for client in waiting] == [NOW + b"\r\n"] * 5
    system.worker.behave = lambda _: NOW


def test_connections_of_workers_are_limited(system: System) -> None:
    assert ask(system.gate.port) == NOW + b"\r\n"  # the worker has its connection
    with connect(system.gate.worker_port), connect(system.gate.worker_port):
        wait_for(lambda: system.gate.metric("gate_worker_connections") == 3)
        with connect(system.gate.worker_port) as refused:
            assert not _read(refused)
    wait_for(lambda: system.gate.metric("gate_worker_connections") == 1)
