"""Who says too much is told once, and how long to wait; who waits so long is served, and told the next time again."""

from collections.abc import Iterator
from typing import Any

import gevent
import orjson
import pytest

from tests.support.edge import ChatClient, Edge, EdgeSystem
from tests.support.waiting import wait_for

BURST, RATE = 5, 10
THROTTLED = "edge_messages_throttled_total"
HELD = 'edge_messages_moderated_total{ruling="too many"}'


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[EdgeSystem, Edge]]:
    system = EdgeSystem(jetstream=True)
    try:
        system.start()
        yield system, system.edge(f"--message-burst={BURST}", f"--messages-per-second={RATE}")
    finally:
        system.stop()


@pytest.fixture
def system(running: tuple[EdgeSystem, Edge]) -> Iterator[EdgeSystem]:
    yield running[0]
    running[0].close_clients()


@pytest.fixture
def edge(running: tuple[EdgeSystem, Edge]) -> Edge:
    return running[1]


def join(system: EdgeSystem, edge: Edge, name: str, world: str) -> ChatClient:
    """Return a client with the extension."""
    return system.connect(edge).register(system.auth.nonce(name, world) + ";")


def say(client: ChatClient, count: int) -> None:
    client.send(*[b"0000PUBLICx"] * count)


def notice(client: ChatClient) -> dict[str, Any]:
    """Return the next notice; what is said before it is passed over."""
    line = next(line for line in iter(client.line, None) if line and line.startswith(b"0000NOTICE"))
    found: dict[str, Any] = orjson.loads(line[10:])
    return found


def notices_until_the_end(client: ChatClient) -> int:
    client.send(b"000000EXIT")
    return sum(line.startswith(b"0000NOTICE") for line in iter(client.line, None) if line)


def test_a_connection_is_told_once_and_again_after_it_has_kept_to_the_rate(system: EdgeSystem, edge: Edge) -> None:
    client, before = join(system, edge, "ada", system.world()), edge.metric(THROTTLED)
    say(client, 30)
    told = notice(client)
    assert told["reason"] == "too many"
    assert 0 < told["retry_after"] <= BURST / RATE
    wait_for(lambda: edge.metric(THROTTLED) >= before + 30 - 2 * BURST)
    gevent.sleep(told["retry_after"])
    say(client, BURST)
    say(client, 20)
    assert notice(client)["reason"] == "too many", "the second row"
    say(client, 20)
    assert notices_until_the_end(client) == 0


def test_connections_of_a_player_are_told_once_each(system: EdgeSystem, edge: Edge) -> None:
    """Neither is above the rate of a connection; together they are above that of a player in a channel."""
    world = system.world()
    clients, before = [join(system, edge, "ada", world) for _ in range(2)], edge.metric(HELD)
    for client in clients:
        say(client, BURST)
    wait_for(lambda: edge.metric(HELD) >= before + 2)
    say(clients[0], BURST)
    counts = [notices_until_the_end(client) for client in clients]
    assert sum(counts) >= 1
    assert max(counts) == 1


def test_a_plain_client_hears_nothing_of_it_as_ever(system: EdgeSystem, edge: Edge) -> None:
    client = system.join(edge, "ada", system.world())
    say(client, 30)
    client.send(b"000000EXIT")
    heard = list(iter(client.line, None))
    assert set(heard) <= {b"0000PUBLICada:x"}
