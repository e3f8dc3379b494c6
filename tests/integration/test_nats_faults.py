"""What the NATS client does when servers die, freeze, refuse, or are somebody else."""

import time
from collections.abc import Iterator

import gevent
import pytest

from apps.local.backends import Nats
from apps.local.ports import HOST, free_port
from common.nats import BufferFullError, Client, ConnectionLostError, Message, NotConnectedError
from tests.support.nats import Clients, collect
from tests.support.nats import nats_server as own_server
from tests.support.waiting import wait_for

NOTHING_FOR = 0.5


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients()
    yield made
    made.close()


def test_a_server_that_comes_late_gets_what_was_published(clients: Clients) -> None:
    with own_server(started=False) as server:
        client = clients.start(server)
        got = collect(client, "early")
        client.publish("early", payload=b"1")
        assert not client.wait_connected(0.2)
        with pytest.raises(NotConnectedError):
            client.round_trip()
        server.start()
        wait_for(lambda: [message.payload for message in got] == [b"1"])


def test_a_killed_server_is_back_within_two_seconds(clients: Clients) -> None:
    told: list[str] = []
    with own_server() as server:
        client = clients.connect(server, on_reconnect=lambda: told.append("reconnected"))
        got = collect(client, "a")
        gone = client.subscribe("b", callback=got.append)
        client.flush()
        client.unsubscribe(gone)
        server.kill()
        wait_for(lambda: not client.connected)
        client.publish("a", payload=b"while away")
        later = collect(client, "c")
        server.start()
        back = time.monotonic()
        wait_for(lambda: got)
        assert time.monotonic() - back < 10
        client.publish("b")
        client.publish("c")
        client.flush()
        assert [message.payload for message in got] == [b"while away"]
        assert len(later) == 1
        assert told == ["reconnected"]


def test_killed_again_and_again(clients: Clients) -> None:
    with own_server() as server:
        client = clients.connect(server)
        got = collect(client, "a")
        for round_ in range(1, 4):
            server.kill()
            wait_for(lambda: not client.connected)
            server.start()
            assert client.wait_connected(2)
            client.publish("a")
            client.flush()
            assert len(got) == round_


def test_requests_survive_a_restart_of_the_server(clients: Clients) -> None:
    with own_server() as server:
        service, client = clients.connect(server), clients.connect(server)
        service.subscribe("svc", callback=lambda message: service.publish(message.reply, payload=b"yes"))
        service.flush()
        assert client.request("svc").payload == b"yes"
        server.kill()
        wait_for(lambda: not client.connected and not service.connected)
        server.start()
        assert service.wait_connected(2)
        service.flush()
        assert client.request("svc", timeout=3).payload == b"yes"


def test_a_frozen_server_is_noticed_and_taken_again_when_it_goes_on(clients: Clients) -> None:
    with own_server() as server:
        client = clients.connect(server, timeout=0.3)
        got = collect(client, "a")
        client.flush()
        server.pause()
        wait_for(lambda: not client.connected)
        client.publish("a", payload=b"kept")
        server.resume()
        wait_for(lambda: got)


def test_a_frozen_server_is_left_for_the_next_one(clients: Clients) -> None:
    with own_server() as first, own_server() as second:
        client = clients.connect(first, second, timeout=0.3)
        got = collect(client, "a")
        client.flush()
        first.pause()
        watcher = clients.connect(second)
        wait_for(lambda: _reaches(watcher, got))


def _reaches(watcher: Client, got: list[Message]) -> bool:
    watcher.publish("a")
    watcher.flush()
    return bool(got)


def test_writing_to_a_frozen_server_stops_nothing_else(clients: Clients) -> None:
    with own_server() as server:
        client = clients.connect(server, timeout=0.5, buffer_bytes=2_000_000)
        other_work = gevent.spawn(_count_turns, 1.5)
        server.pause()
        refused = 0
        begun = time.monotonic()
        while time.monotonic() - begun < 1.5:
            try:
                client.publish("a", payload=b"x" * 100_000)
            except BufferFullError:
                refused += 1
            gevent.sleep(0.005)
        assert refused > 0
        assert other_work.get(timeout=5) > 100
        wait_for(lambda: not client.connected)
        server.resume()
        assert client.wait_connected(3)
        client.flush(5)


def _count_turns(seconds: float) -> int:
    turns = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        gevent.sleep(0.005)
        turns += 1
    return turns


def test_the_second_server_takes_over(clients: Clients) -> None:
    with own_server() as first, own_server() as second:
        told: list[str] = []
        client = clients.connect(first, second, on_reconnect=lambda: told.append("reconnected"))
        got = collect(client, "a")
        first.kill()
        wait_for(lambda: told)
        watcher = clients.connect(second)
        watcher.publish("a")
        wait_for(lambda: got)


def test_servers_of_a_cluster_are_learnt(clients: Clients) -> None:
    route, second_route = free_port(), free_port()
    cluster = ("--cluster_name", "c", "--routes", f"nats://{HOST}:{route}")
    with own_server("--cluster", f"nats://{HOST}:{route}", *cluster) as first, \
            own_server("--cluster", f"nats://{HOST}:{second_route}", *cluster) as second:
        watcher = clients.connect(second)
        told: list[str] = []
        client = clients.connect(first, on_reconnect=lambda: told.append("reconnected"))
        got = collect(client, "a")
        client.flush()
        wait_for(lambda: _reaches(watcher, got))  # now the first server knows the second
        wait_for(lambda: len(client._keeper._pool) == 2)
        first.kill()
        wait_for(lambda: told)
        got.clear()
        wait_for(lambda: _reaches(watcher, got))


def test_flush_tells_of_a_lost_connection(clients: Clients) -> None:
    with own_server() as server:
        client = clients.connect(server)
        server.pause()
        waiting = gevent.spawn(client.flush, 5)
        gevent.sleep(0)
        server.kill()
        with pytest.raises(ConnectionLostError):
            waiting.get(timeout=5)


@pytest.mark.parametrize("state", ["away", "frozen", "connected"])
def test_waiting_costs_no_processor_time(clients: Clients, state: str) -> None:
    with own_server() as server:
        client = clients.connect(server, timeout=0.2)
        if state == "away":
            server.kill()
        if state == "frozen":
            server.pause()
        wait_for(lambda: client.connected == (state == "connected"))
        begun = time.process_time()
        gevent.sleep(NOTHING_FOR)
        assert time.process_time() - begun < 0.1


def test_a_flood_lets_others_work(nats_server: Nats, clients: Clients) -> None:
    client, publisher = clients.connect(nats_server), clients.connect(nats_server, timeout=5.0, buffer_bytes=50_000_000)
    got = 0

    def count(message: Message) -> None:
        nonlocal got
        got += 1

    client.subscribe("flood", callback=count)
    client.flush()
    for _ in range(150_000):
        publisher.publish("flood", payload=b"x" * 200)
    turns = 0
    while got < 150_000:
        gevent.sleep(0.001)
        turns += 1
    assert turns > 50


def test_a_wait_in_a_callback_costs_the_connection_nothing(nats_server: Nats, clients: Clients) -> None:
    client = clients.connect(nats_server, timeout=0.2)
    told: list[str] = []

    def take_long(message: Message) -> None:
        gevent.sleep(1)  # longer than the time limits together
        told.append("done")

    client.subscribe("slow", callback=take_long)
    client.publish("slow")
    wait_for(lambda: told)
    assert client.connected
    client.flush()


def test_a_new_connection_when_asked(nats_server: Nats, clients: Clients) -> None:
    told: list[str] = []
    client = clients.connect(nats_server, on_reconnect=lambda: told.append("reconnected"))
    got = collect(client, "again")
    client.reconnect()
    wait_for(lambda: told)
    client.publish("again")
    client.flush()
    assert len(got) == 1
