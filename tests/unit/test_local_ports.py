"""Ports of the local system: a layout without collisions, and errors that name who is in the way."""

import os
import socket
from collections.abc import Iterator

import pytest

from apps.local.ports import (
    ANY,
    HOST,
    MOST_REPLICAS,
    ROLES,
    SPAN,
    STANDARD,
    PortError,
    Ports,
    is_free,
    owner,
    require_free,
)


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def all_ports(base: int) -> list[int]:
    ports = Ports(base)
    singles = ("nats", "redis", "mysql")
    return [ports.give(role, i) for role in ROLES for i in range(1 if role in singles else MOST_REPLICAS)]


def test_first_replicas_have_the_usual_ports() -> None:
    ports = Ports(STANDARD)
    roles = ("auth", "config", "mail", "gate", "gate worker", "edge")
    assert [ports.give(role) for role in roles] == [8001, 8000, 8020, 8880, 8201, 9000]


@pytest.mark.parametrize("base", [STANDARD, 30_000])
def test_no_two_processes_share_a_port(base: int) -> None:
    ports = all_ports(base)
    assert len(ports) == len(set(ports))


def test_a_base_port_moves_everything() -> None:
    assert all(30_000 <= port < 30_000 + SPAN for port in all_ports(30_000))


def test_any_ports_are_free_and_different() -> None:
    ports = [Ports(ANY).give("gate") for _ in range(3)]
    assert all(is_free(port) for port in ports)
    taken = Ports(ANY)
    assert len({taken.give("gate", i) for i in range(MOST_REPLICAS)}) == MOST_REPLICAS


def test_too_many_replicas_are_refused() -> None:
    with pytest.raises(PortError, match="at most 20"):
        Ports(STANDARD).give("gate", MOST_REPLICAS)


def test_a_base_port_without_room_is_refused() -> None:
    assert Ports(65_536 - SPAN).give("nats") == 65_536 - SPAN
    with pytest.raises(PortError, match="no room"):
        Ports(65_536 - SPAN + 1)


def test_a_port_in_use_is_not_free(listening: int) -> None:
    assert not is_free(listening)


def test_the_owner_of_a_port_is_named(listening: int) -> None:
    assert owner(listening).startswith(f"process {os.getpid()}: ")
    assert "python" in owner(listening)


def test_the_error_names_port_purpose_and_owner(listening: int) -> None:
    with pytest.raises(PortError, match=rf"port {listening} \(gate 0\) is in use by process {os.getpid()}: .*"):
        require_free({"gate 0": listening})


def test_free_ports_are_no_error() -> None:
    ports = Ports(ANY)
    ports.give("gate")
    require_free(ports.given)
