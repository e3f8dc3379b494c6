"""Fixtures for tests of two edges that all tests of a module share.

The module imports them, and has a fixture ``running`` of its own scope with the system and both edges.
"""

from collections.abc import Iterator

import pytest

from common.nats import Client
from tests.support.edge import Edge, EdgeSystem

Running = tuple[EdgeSystem, Edge, Edge]


def two_edges(system: EdgeSystem, *options: str) -> Iterator[Running]:
    """Start a system with two equal edges, and stop it at the end."""
    try:
        system.start()
        system.tell_names()
        yield system, system.edge(*options), system.edge(*options)
    finally:
        system.stop()


@pytest.fixture
def system(running: Running) -> Iterator[EdgeSystem]:
    yield running[0]
    running[0].close_clients()


@pytest.fixture
def one(running: Running) -> Edge:
    return running[1]


@pytest.fixture
def two(running: Running) -> Edge:
    return running[2]


@pytest.fixture
def nats(running: Running) -> Iterator[Client]:
    """What game logic, or an operator, has of NATS."""
    client = Client([running[0].nats.url], name="game logic")
    client.start()
    assert client.wait_connected(10)
    yield client
    client.close()
