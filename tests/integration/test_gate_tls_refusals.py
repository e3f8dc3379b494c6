"""A gate with TLS that has no room: some clients are told so, the others are closed, and those inside feel nothing."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import gevent
import pytest

from tests.support.certificates import write_self_signed
from tests.support.gate import NOW, Gate, System, connect, read_all, running, status
from tests.support.waiting import wait_for

REQUEST = b'{"function":"f"}\r\n'
KEPT = b'{"function":"f","keep_alive":true}\r\n'
RATE = 20


class Guests:
    """A gate with room for one connection, which is taken."""

    def __init__(self, gate: Gate, context: ssl.SSLContext) -> None:
        self.gate = gate
        self.context = context
        self.inside = self.shake_hands(connect(gate.port))
        self.require_served()

    def shake_hands(self, peer: socket.socket) -> ssl.SSLSocket:
        return self.context.wrap_socket(peer, server_hostname="localhost", suppress_ragged_eofs=False)

    def require_served(self) -> None:
        self.inside.sendall(KEPT)
        assert self.inside.recv(1000) == NOW + b"\r\n"

    def ask(self, request: bytes = REQUEST) -> int | None:
        """Return the status that a client gets, None if it is closed without a word."""
        with connect(self.gate.port) as peer:
            try:
                with self.shake_hands(peer) as client:
                    client.sendall(request)
                    return status(read_all(client))
            except OSError:
                return None

    def outcomes(self, outcome: str) -> float:
        return self.gate.metric(f'gate_tls_refusals_total{{outcome="{outcome}"}}')


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("gate")) as system:
        yield system


@contextlib.contextmanager
def guests(system: System, folder: Path, **options: Any) -> Iterator[Guests]:
    certificate, key = write_self_signed(folder)
    given = {"max_connections": 1, "keep_alive_seconds": 60, "address_rate": 0} | options
    with system.another_gate(tls_cert=certificate, tls_key=key, **given) as gate:
        # The test has seen the port open by a connection of its own, and the readiness comes later than its end.
        wait_for(lambda: gate.metric("gate_connections") == 0)
        there = Guests(gate, ssl.create_default_context(cafile=certificate))
        try:
            yield there
            there.require_served()
        finally:
            there.inside.close()


def test_whoever_finds_no_room_is_told_when_to_come_again(system: System, tmp_path: Path) -> None:
    with guests(system, tmp_path, tls_refusals=1000) as there:
        assert [there.ask() for _ in range(5)] == [-3] * 5
        assert there.ask(b"") == -3  # it waits for the gate to speak first
        assert there.ask(b"x" * 100_000) == -3  # nobody reads what it says
        wait_for(lambda: there.outcomes("told") == 7)


def test_so_many_a_second_are_told(system: System, tmp_path: Path) -> None:
    with guests(system, tmp_path, tls_refusals=RATE) as there:
        begun = time.monotonic()
        told = [there.ask() for _ in range(100)].count(-3)
        assert 1 <= told <= 1 + RATE * (0.1 + time.monotonic() - begun)
        wait_for(lambda: there.outcomes("told") == told)
        assert there.outcomes("closed") == 100 - told
        wait_for(lambda: there.ask() == -3)


def test_so_many_at_once_are_told_and_who_does_nothing_gives_up_its_place(system: System, tmp_path: Path) -> None:
    with guests(system, tmp_path, tls_refusals_at_once=3, tls_refusal_seconds=1) as there, ExitStack() as stack:
        silent = [stack.enter_context(connect(there.gate.port)) for _ in range(3)]
        wait_for(lambda: there.ask() is None)
        assert [read_all(client) for client in silent] == [b""] * 3
        wait_for(lambda: there.ask() == -3)
        wait_for(lambda: there.outcomes("failed") == 3)


def test_none_is_told_where_none_is_to_be(system: System, tmp_path: Path) -> None:
    with guests(system, tmp_path, tls_refusals=0) as there:
        assert [there.ask() for _ in range(5)] == [None] * 5


def test_a_crowd_that_is_turned_away_keeps_nobody_from_being_served(system: System, tmp_path: Path) -> None:
    with guests(system, tmp_path) as there:
        crowd = [gevent.spawn(lambda: [there.ask() for _ in range(10)]) for _ in range(20)]
        while not all(client.dead for client in crowd):
            there.require_served()
            gevent.sleep(0.01)
        assert {answer for client in crowd for answer in client.get()} <= {-3, None}


def test_garbage_instead_of_a_handshake_harms_nobody(system: System, tmp_path: Path) -> None:
    with guests(system, tmp_path) as there:
        for garbage in (REQUEST, b"\x16\x03\x01" + b"\xff" * 500, b""):
            with connect(there.gate.port) as client:
                client.sendall(garbage)
                client.shutdown(socket.SHUT_WR)
                with contextlib.suppress(OSError):
                    assert b"busy" not in read_all(client)
        wait_for(lambda: there.outcomes("failed") == 3)
        wait_for(lambda: there.ask() == -3)
