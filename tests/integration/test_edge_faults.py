"""Edges in trouble: clients that do not read, NATS and auth away, TLS, and the end of the process."""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.certificates import write_self_signed
from tests.support.edge import ChatClient, Edge, EdgeSystem, NonceAuth
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def shared() -> Iterator[EdgeSystem]:
    system = EdgeSystem()
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


STOP_LIMIT = 10  # seconds; far below what a process may take, and enough on a busy machine
FAST = ("--messages-per-second=100000", "--message-burst=100000")


def deaf_client(system: EdgeSystem, edge: Edge, world: str) -> ChatClient:
    """Join with a receive buffer so small that not reading is soon felt."""
    client = ChatClient(edge.port, receive_buffer=4096)
    system.own(client)
    return client.register(system.auth.nonce("deaf", world))


def test_who_does_not_read_is_cut_off_while_others_get_everything_in_order(system: EdgeSystem) -> None:
    edge = system.edge(*FAST, "--send-queue-bytes=65536", "--room-queue-bytes=65536", "--socket-send-bytes=8192")
    world = system.world()
    speaker, listener = system.join(edge, "s", world), system.join(edge, "l", world)
    deaf = deaf_client(system, edge, world)
    for begin in range(0, 2000, 50):
        lines = [b"%06d" % number + b"x" * 400 for number in range(begin, begin + 50)]
        speaker.send(*(b"0000PUBLIC" + line for line in lines))
        for client in (speaker, listener):
            assert client.lines(50) == [b"0000PUBLICs:" + line for line in lines]
    assert edge.metric('edge_clients_cut_off_total{reason="queue full"}') == 1
    assert edge.metric("edge_connections") == 2
    with pytest.raises(ConnectionError):
        deaf.lines(2000)


def test_who_makes_no_progress_is_cut_off(system: EdgeSystem) -> None:
    edge = system.edge(*FAST, "--send-seconds=0.3", "--socket-send-bytes=8192")
    world = system.world()
    speaker = system.join(edge, "s", world)
    deaf_client(system, edge, world)
    speaker.send(*[b"0000PUBLIC" + b"x" * 500] * 200)
    assert len(speaker.lines(200)) == 200
    wait_for(lambda: edge.metric('edge_clients_cut_off_total{reason="no progress"}') == 1)
    wait_for(lambda: edge.metric("edge_connections") == 1)


def test_a_late_reader_within_the_limits_loses_nothing(system: EdgeSystem) -> None:
    edge = system.edge(*FAST, "--socket-send-bytes=8192", "--room-queue-bytes=262144")
    world = system.world()
    speaker, late = system.join(edge, "s", world), deaf_client(system, edge, world)
    lines = [b"%04d" % number + b"x" * 400 for number in range(400)]
    speaker.send(*(b"0000PUBLIC" + line for line in lines))
    expected = [b"0000PUBLICs:" + line for line in lines]
    assert speaker.lines(400) == expected
    assert late.lines(400) == expected


def test_nats_is_killed_and_clients_notice_nothing(system: EdgeSystem) -> None:
    one, two = system.edge(), system.edge()
    world = system.world()
    anna, bert = system.join(one, "anna", world, "f"), system.join(two, "bert", world, "f")
    system.nats.kill()
    wait_for(lambda: one.page("/readyz")[0] == 503 and two.page("/readyz")[0] == 503)
    carl = system.join(two, "carl", world)
    anna.send(b"0000PUBLICinto the void")
    system.nats.start()
    begun = time.monotonic()
    wait_for(lambda: one.page("/readyz")[0] == 200 and two.page("/readyz")[0] == 200)
    bert.send(b"0000FAMILYback")
    for client in (anna, bert):
        while client.line() != b"0000FAMILYbert:back":
            pass
    assert time.monotonic() - begun < 10
    bert.send(b"0000PUBLICall")
    while carl.line() != b"0000PUBLICbert:all":
        pass


def test_auth_away_closes_new_clients_keeps_the_old_and_is_no_lasting_harm(system: EdgeSystem) -> None:
    auth = NonceAuth()
    auth.start()
    edge = system.edge(auth_url=auth.url)
    old = system.connect(edge).register(auth.nonce("old"))
    auth.stop()
    new = system.connect(edge)
    new.send(b"00REGISTER" + auth.nonce("new").encode())
    assert new.line() is None
    wait_for(lambda: edge.page("/readyz")[0] == 503)
    old.send(b"0000PUBLICstill here")
    assert old.line() == b"0000PUBLICold:still here"
    auth.start()
    wait_for(edge.ready)
    system.connect(edge).register(auth.nonce("new"))
    auth.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_self_signed(tmp_path_factory.mktemp("tls"))


def test_tls(system: EdgeSystem, certificate: tuple[Path, Path]) -> None:
    edge = system.edge(*FAST, f"--tls-cert={certificate[0]}", f"--tls-key={certificate[1]}", "--register-seconds=1")
    context = ssl.create_default_context(cafile=str(certificate[0]))
    world = system.world()
    anna, bert = (system.join(edge, name, world, tls=context) for name in ("anna", "bert"))
    mute = socket.create_connection(("127.0.0.1", edge.port), 5)
    for begin in range(0, 2000, 200):
        lines = [b"%04d" % number + b"x" * 400 for number in range(begin, begin + 200)]
        anna.send(*(b"0000PUBLIC" + line for line in lines))
        for client in (bert, anna):
            assert client.lines(200) == [b"0000PUBLICanna:" + line for line in lines]
    bert.send(b"000000EXIT")
    assert bert.line() is None
    assert mute.recv(1) == b"", "a handshake has no more time than a registration"
    mute.close()
    edge.terminate()
    assert anna.line() is None


def test_sigterm_closes_every_client_after_its_last_message(system: EdgeSystem) -> None:
    edge = system.edge(*FAST)
    world = system.world()
    clients = [system.join(edge, f"c{number}", world) for number in range(20)]
    waiting = system.connect(edge)
    for number in range(50):
        clients[0].send(b"0000PUBLIC%d" % number)
    wait_for(lambda: edge.metric('edge_messages_total{kind="public"}') == 50)
    edge.terminate()
    expected = [b"0000PUBLICc0:%d" % number for number in range(50)]
    for client in clients:
        assert client.lines(51) == [*expected, None]
    assert waiting.line() is None
    system.close_clients()
    begun = time.monotonic()
    assert edge.stop() == 0
    assert time.monotonic() - begun < STOP_LIMIT
    assert b"sessions left" not in edge.log


def test_sigterm_with_clients_that_do_not_read_ends_in_time(system: EdgeSystem) -> None:
    edge = system.edge(*FAST, "--socket-send-bytes=8192", "--close-seconds=0.5")
    world = system.world()
    deaf_client(system, edge, world)
    speaker = system.join(edge, "s", world)
    speaker.send(*[b"0000PUBLIC" + b"x" * 500] * 200)
    assert len(speaker.lines(200)) == 200
    begun = time.monotonic()
    assert edge.stop() == 0
    assert time.monotonic() - begun < STOP_LIMIT
