"""What was told to edges before one of them came, with JetStream; and NATS servers without it."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from common import subjects
from common.nats import Client
from common.nats.jetstream import JetStream
from operations import streams
from tests.support.edge import EdgeSystem
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def shared() -> Iterator[EdgeSystem]:
    system = EdgeSystem(jetstream=True)
    try:
        system.start()
        yield system
    finally:
        system.stop()


@pytest.fixture
def system(shared: EdgeSystem) -> Iterator[EdgeSystem]:
    yield shared
    shared.close_clients()
    shared.stop_edges()


@pytest.fixture
def nats(shared: EdgeSystem) -> Iterator[Client]:
    client = Client([shared.nats.url], name="game logic")
    client.start()
    assert client.wait_connected(10)
    yield client
    client.close()


def tell(nats: Client, subject: str, **fields: Any) -> None:
    nats.publish(subject, payload=orjson.dumps(fields))
    nats.flush()


def test_a_new_edge_knows_a_kick_and_a_mute_of_before(system: EdgeSystem, nats: Client) -> None:
    system.edge()  # the first one makes the streams
    world = system.world()
    ticket = system.auth.nonce("bert", world, "Red")
    tell(nats, subjects.chat_control(world), world=world, uid="uid of bert", fn="")
    mute = subjects.chat_mute_player(world, "uid of anna")
    for until in (0, 5e9):
        tell(nats, mute, kind="mute", world=world, uid="uid of anna", until=until)
    late = system.edge()
    anna, bert = system.join(late, "anna", world), system.connect(late).register(ticket)
    anna.send(b"0000PUBLICcan you hear me")
    bert.send(b"0000PUBLICno")
    assert bert.line() == b"0000PUBLICbert:no"
    bert.send(b"0000FAMILYlet me in")
    assert bert.line() is None
    assert late.metric("edge_recall_ok") == 1


def test_an_edge_that_lost_nats_catches_up(system: EdgeSystem, nats: Client) -> None:
    edge = system.edge()
    world = system.world()
    anna = system.join(edge, "anna", world)
    before = edge.metric("nats_reconnects_total{client=\"edge\"}")
    system.nats.kill()
    system.nats.start()
    wait_for(lambda: edge.metric("nats_reconnects_total{client=\"edge\"}") > before)
    wait_for(edge.ready)
    wait_for(lambda: edge.metric("edge_recall_ok") == 1)
    assert nats.wait_connected(10)
    tell(nats, subjects.chat_mute_public(world), kind="mute", world=world, channel="public", until=5e9)
    wait_for(lambda: edge.metric("edge_mutes") >= 1)
    anna.send(b"0000PUBLICanybody")
    assert anna.silent()


def test_a_stream_that_is_lost_is_made_anew_by_any_edge(system: EdgeSystem, nats: Client) -> None:
    system.edge("--stream-seconds=0.1")
    jetstream = JetStream(nats, 2)
    for stream in ("CHAT", "CHAT_LOG", "CHAT_MUTES"):
        jetstream.delete(stream)
    wait_for(lambda: {"CHAT", "CHAT_LOG", "CHAT_MUTES"} <= {*streams.names(nats)})


def test_without_jetstream_an_edge_works_and_tells_once() -> None:
    system = EdgeSystem()
    try:
        system.start()
        edge = system.edge("--recall-seconds=0.1")
        anna = system.join(edge, "anna")
        anna.send(b"0000PUBLIChello")
        assert anna.line() == b"0000PUBLICanna:hello"
        wait_for(lambda: edge.log.count(b"cannot be read") == 1)
        assert edge.metric("edge_recall_ok") == 0
    finally:
        system.stop()
