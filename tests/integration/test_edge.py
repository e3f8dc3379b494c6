"""Two edges as real processes on a real NATS server: who hears what."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import gevent
import pytest

from apps.local.ports import free_port
from tests.support.edge import Edge, EdgeSystem
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[EdgeSystem, Edge, Edge]]:
    system = EdgeSystem()
    try:
        system.start()
        yield system, system.edge(), system.edge("--register-seconds=0.5", "--message-burst=30")
    finally:
        system.stop()


@pytest.fixture
def system(running: tuple[EdgeSystem, Edge, Edge]) -> Iterator[EdgeSystem]:
    yield running[0]
    running[0].close_clients()


@pytest.fixture
def one(running: tuple[EdgeSystem, Edge, Edge]) -> Edge:
    return running[1]


@pytest.fixture
def two(running: tuple[EdgeSystem, Edge, Edge]) -> Edge:
    return running[2]


def test_everybody_in_the_world_hears_public_chat_on_both_edges(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    anna, bert, carl = (system.join(edge, name, world)
                        for edge, name in ((one, "anna"), (one, "bert"), (two, "carl: Å")))
    other = system.join(one, "other", system.world())
    anna.send("0000PUBLIChällo: all".encode())
    expected = "0000PUBLICanna:hällo: all".encode()
    assert [client.line() for client in (anna, bert, carl)] == [expected] * 3
    carl.send(b"0000PUBLICback")
    assert [client.line() for client in (anna, bert, carl)] == ["0000PUBLICcarl: Å:back".encode()] * 3
    assert other.silent()


def test_only_the_family_hears_family_chat(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    anna = system.join(one, "anna", world, "Red")
    bert = system.join(two, "bert", world, "Red")
    others = [system.join(one, "blue", world, "Blue"), system.join(two, "none", world),
              system.join(two, "elsewhere", system.world(), "Red")]
    anna.send(b"0000FAMILYpsst")
    assert [anna.line(), bert.line()] == [b"0000FAMILYanna:psst"] * 2
    assert all(other.silent(0.1) for other in others)


NAMES = ["a", "a.b", "a b", "a.*", "*", ">", "a.>", "=2E", "a=2Eb", "你好", "é", "e\u0301", "A", ".", "public",
         "family"]


def test_names_never_meet(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    families = [(system.join(one, f"x{number}", world, name), system.join(two, f"y{number}", world, name))
                for number, name in enumerate(NAMES)]
    worlds = [(system.join(one, f"x{number}", f"{world} {name}"), system.join(two, f"y{number}", f"{world} {name}"))
              for number, name in enumerate(NAMES)]
    for command, pairs in ((b"0000FAMILY", families), (b"0000PUBLIC", worlds)):
        for number, (here, _) in enumerate(pairs):
            here.send(command + b"%d" % number, command + b"end")
        for number, pair in enumerate(pairs):
            for client in pair:
                assert client.lines(2) == [command + b"x%d:%d" % (number, number), command + b"x%d:end" % number]


def test_the_order_of_a_sender_is_kept(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    speaker, listener = system.join(two, "s", world), system.join(one, "l", world)
    speaker.send(*(b"0000PUBLIC%d" % number for number in range(30)))
    expected = [b"0000PUBLICs:%d" % number for number in range(30)]
    assert listener.lines(30) == expected
    assert speaker.lines(30) == expected


def test_subscriptions_follow_the_members(system: EdgeSystem, one: Edge) -> None:
    wait_for(lambda: one.metric("edge_rooms") == 0)
    world = system.world()
    first, second = system.join(one, "a", world, "f"), system.join(one, "b", world)
    assert (one.metric("edge_rooms"), one.metric("edge_subscriptions")) == (2, 2)
    first.close()
    wait_for(lambda: one.metric("edge_subscriptions") == 1)
    second.send(b"0000PUBLICstill here")
    assert second.line() == b"0000PUBLICb:still here"
    second.send(b"000000EXIT")
    assert second.line() is None
    wait_for(lambda: one.metric("edge_subscriptions") == 0)
    again = system.join(one, "c", world)
    again.send(b"0000PUBLICagain")
    assert again.line() == b"0000PUBLICc:again"


def test_a_nonce_is_good_once(system: EdgeSystem, one: Edge, two: Edge) -> None:
    nonce = system.auth.nonce("anna")
    system.connect(one).register(nonce)
    for edge in (one, two):
        late = system.connect(edge)
        late.send(b"00REGISTER" + nonce.encode())
        assert late.line() is None


@pytest.mark.parametrize("line", [b"00REGISTER", b"00REGISTERunknown", b"00REGISTER\xff\x00", b"0000PUBLIChi",
                                  b"0000FAMILYhi", b"000000EXIT", b"", b"\x00\xff garbage", b"GET / HTTP/1.1",
                                  b"00REGISTER" + b"9" * 600, b"00000000OK"])
def test_a_wrong_first_line_closes(system: EdgeSystem, one: Edge, line: bytes) -> None:
    client = system.connect(one)
    client.send(line)
    assert client.line() is None


@pytest.mark.parametrize("line", [b"000000EXIT", b"0000FAMILYno family", b"0000WHATever", b"", b"0000PUBLIC\xff\xfe",
                                  b"0000PUBLICbell \x07", b"0000PUBLIC" + b"x" * 513, b"0000PUBLIC" + b"x" * 100_000,
                                  b"00REGISTERunknown", b"00000000OK"])
def test_what_ends_a_session_ends_it_cleanly(system: EdgeSystem, one: Edge, line: bytes) -> None:
    client = system.join(one, "anna", system.world())
    client.send(b"0000PUBLIC1")
    assert client.line() == b"0000PUBLICanna:1"
    client.send(line)
    assert client.line() is None


def test_texts_up_to_the_limit_pass_and_empty_ones_are_ignored(system: EdgeSystem, one: Edge) -> None:
    client = system.join(one, "anna", system.world())
    client.send(b"0000PUBLIC", b"0000PUBLIC" + b"x" * 512)
    assert client.line() == b"0000PUBLICanna:" + b"x" * 512


def test_a_later_register_switches_the_identity_without_ok(system: EdgeSystem, one: Edge, two: Edge) -> None:
    old, new = system.world(), system.world()
    client = system.join(one, "anna", old, "Red")
    left, met = system.join(two, "old friend", old, "Red"), system.join(two, "new friend", new)
    client.send(b"00REGISTER" + system.auth.nonce("berta", new).encode(), b"0000PUBLIChere")
    assert client.line() == b"0000PUBLICberta:here"
    assert met.line() == b"0000PUBLICberta:here"
    left.send(b"0000PUBLICgone?", b"0000FAMILYgone?")
    assert left.lines(2) == [b"0000PUBLICold friend:gone?", b"0000FAMILYold friend:gone?"]
    assert client.silent()
    client.send(b"0000FAMILYno family now")
    assert client.line() is None


def drip(peer: socket.socket, data: bytes) -> None:
    for byte in data:
        peer.sendall(bytes([byte]))
        gevent.sleep(0.05)


def test_a_register_byte_by_byte_has_no_more_time_than_any_other(system: EdgeSystem, two: Edge) -> None:
    client = system.connect(two)
    begun = time.monotonic()
    dripping = gevent.spawn(drip, client.peer, b"00REGISTER" * 100)
    try:
        assert client.line() is None
    finally:
        dripping.kill()
    assert time.monotonic() - begun < 20


def test_who_says_nothing_at_first_is_closed(system: EdgeSystem, two: Edge) -> None:
    assert system.connect(two).line(3) is None


def test_too_many_messages_are_dropped_and_a_flood_closes(system: EdgeSystem, one: Edge) -> None:
    client = system.join(one, "anna", system.world())
    client.send(*[b"0000PUBLICx"] * 100)
    assert client.lines(20) == [b"0000PUBLICanna:x"] * 20
    wait_for(lambda: one.metric("edge_messages_throttled_total") >= 75)
    client.send(*[b"0000PUBLICy"] * 1000)
    while (line := client.line()) is not None:
        assert line in (b"0000PUBLICanna:x", b"0000PUBLICanna:y")


def test_connections_above_the_limits_are_closed_at_once(system: EdgeSystem) -> None:
    edge = system.edge("--max-connections=3", "--max-connections-per-address=2")
    kept = [system.join(edge, "a"), system.join(edge, "b")]
    refused = system.connect(edge)
    with suppress(ConnectionError):  # a reset says the same
        assert refused.line() is None
    assert edge.metric('edge_connections_refused_total{reason="address"}') == 1
    kept[0].close()
    wait_for(lambda: edge.metric("edge_connections") == 1)
    system.join(edge, "c")


def test_no_text_and_no_nonce_is_logged(system: EdgeSystem) -> None:
    edge = system.edge("--log-level=debug")
    nonce = system.auth.nonce("anna")
    client = system.connect(edge).register(nonce)
    client.send(b"0000PUBLICvery private", b"00REGISTERsecret-nonce")
    assert client.lines(2) == [b"0000PUBLICanna:very private", None]
    edge.stop()
    assert b"not admitted" in edge.log
    for word in (b"very private", b"secret-nonce", nonce.encode()):
        assert word not in edge.log


def test_a_port_in_use_ends_the_process_with_an_error(system: EdgeSystem) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        edge = Edge(system.nats.url, system.auth.url, f"--client-port={port}")
        wait_for(lambda: edge.process.poll() is not None)
    assert edge.stop() == 1
    assert b"in use" in edge.log
