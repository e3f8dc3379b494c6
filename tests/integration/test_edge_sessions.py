"""One player has only so many sessions on an edge: the newest gets in, the oldest goes."""

from collections.abc import Iterator

import gevent
import orjson
import pytest

from apps.client.chat_events import Joined
from apps.client.chat_progress import Progress
from apps.client.lasting_chat import LastingChat, ReplacedError
from tests.support.edge import ChatClient, Edge, EdgeSystem
from tests.support.lasting_chats import CHANCE, PATIENCE, address
from tests.support.waiting import wait_for

MOST = 3
REPLACED = 'edge_sessions_ended_total{reason="replaced"}'


@pytest.fixture(scope="module")
def running() -> Iterator[EdgeSystem]:
    system = EdgeSystem(jetstream=True)
    try:
        system.start()
        yield system
    finally:
        system.stop()


@pytest.fixture
def system(running: EdgeSystem) -> Iterator[EdgeSystem]:
    yield running
    running.close_clients()


@pytest.fixture(scope="module")
def edge(running: EdgeSystem) -> Edge:
    return running.edge(f"--player-sessions={MOST}", "--close-seconds=1")


def ends(client: ChatClient) -> list[bytes]:
    """Return what a client still gets until its connection is closed cleanly, and close it too."""
    lines = list(iter(client.line, None))
    client.close()
    return [line for line in lines if line is not None]


def test_the_newest_gets_in_and_the_oldest_is_told_and_closed(system: EdgeSystem, edge: Edge) -> None:
    world = system.world()
    plain = system.join(edge, "ada", world)
    extended = system.connect(edge).register(system.auth.nonce("ada", world) + ";")
    kept = system.join(edge, "ada", world)
    others = system.join(edge, "bert", world), system.join(edge, "ada", system.world())
    before = edge.metric(REPLACED)
    newer = [system.join(edge, "ada", world) for _ in range(2)]
    assert ends(plain) == []
    (line,) = ends(extended)
    assert (line[:10], orjson.loads(line[10:])) == (b"0000NOTICE", {"reason": "replaced"})
    assert edge.metric(REPLACED) == before + 2
    kept.send(b"0000PUBLIChello")
    for client in (kept, *newer, others[0]):
        assert client.line() == b"0000PUBLICada:hello"
    assert others[1].silent(0.1)
    assert b"uid of ada" in edge.log


def test_who_becomes_the_same_player_anew_takes_no_further_place(system: EdgeSystem, edge: Edge) -> None:
    world = system.world()
    clients = [system.join(edge, "ada", world) for _ in range(MOST)]
    clients[0].send(b"00REGISTER" + system.auth.nonce("ada", world).encode(), b"0000PUBLICme again")
    assert [client.line() for client in clients] == [b"0000PUBLICada:me again"] * MOST
    system.join(edge, "ada", world)
    assert ends(clients[1]) == [], "it is the oldest now"


def test_a_client_that_is_dead_keeps_nobody_out(system: EdgeSystem, edge: Edge) -> None:
    world = system.world()
    dead = [system.join(edge, "ada", world) for _ in range(MOST)]
    connected = edge.metric("edge_connections")
    alive = [system.join(edge, "ada", world) for _ in range(MOST)]
    alive[0].send(b"0000PUBLICin")
    assert [client.line() for client in alive] == [b"0000PUBLICada:in"] * MOST
    wait_for(lambda: edge.metric("edge_connections") == connected)
    assert all(client.line() is None for client in dead)


def test_of_many_at_once_so_many_stay_as_there_may_be(system: EdgeSystem, edge: Edge) -> None:
    world = system.world()
    connected, before = edge.metric("edge_connections"), edge.metric(REPLACED)
    clients = [system.connect(edge) for _ in range(20)]
    register = [gevent.spawn(client.send, b"00REGISTER" + system.auth.nonce("ada", world).encode())
                for client in clients]
    gevent.joinall(register, raise_error=True)
    wait_for(lambda: edge.metric(REPLACED) == before + 20 - MOST)
    wait_for(lambda: edge.metric("edge_connections") == connected + MOST)
    system.join(edge, "bert", world).send(b"0000PUBLICwho is there?")
    heard = [client for client in clients if b"0000PUBLICbert:who is there?" in client.lines(2)]
    assert len(heard) == MOST


def test_the_client_that_gave_way_does_not_come_back(system: EdgeSystem, edge: Edge) -> None:
    world = system.world()
    chat = LastingChat([address(edge.port)], lambda: system.auth.nonce("ada", world), lambda: CHANCE,
                       progress=Progress(last=0, system=False), patience=PATIENCE)
    events = chat.events()
    assert isinstance(next(events), Joined)
    for _ in range(MOST):
        system.join(edge, "ada", world)
    with pytest.raises(ReplacedError):
        list(events)
