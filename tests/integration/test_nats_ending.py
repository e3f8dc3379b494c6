"""How subscriptions and the NATS client itself end, without losing what was taken."""

import itertools
import time
from collections.abc import Iterator

import gevent
import pynats2
import pytest
from gevent.event import Event

from apps.local.backends import Nats
from common.nats import ClientClosedError, Message, NoRespondersError, NotConnectedError
from tests.support.nats import Clients, collect
from tests.support.nats import nats_server as own_server
from tests.support.waiting import wait_for

NUMBERS = itertools.count(1)


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients()
    yield made
    made.close()


@pytest.fixture
def subject() -> str:
    return f"ending.{next(NUMBERS)}"


def test_unsubscribing_while_messages_arrive(nats_server: Nats, clients: Clients, subject: str) -> None:
    client, publisher = clients.connect(nats_server), clients.connect(nats_server)
    stay = collect(client, subject)
    ended = Event()
    late: list[Message] = []
    subscriptions: list[pynats2.NATSSubscription] = []

    def leave(message: Message) -> None:
        if ended.is_set():
            late.append(message)
        elif len(stay) > 500:
            for subscription in subscriptions:
                client.unsubscribe(subscription)
                client.unsubscribe(subscription)
            ended.set()

    subscriptions += [client.subscribe(subject, callback=leave) for _ in range(20)]
    client.flush()
    for number in range(5000):
        publisher.publish(subject, payload=b"%d" % number)
    wait_for(lambda: len(stay) == 5000)
    assert ended.is_set()
    assert late == []


def test_what_is_on_its_way_comes_when_a_subscription_is_drained(
    nats_server: Nats, clients: Clients, subject: str
) -> None:
    leaver, stayer, publisher = (clients.connect(nats_server) for _ in range(3))
    got = collect(stayer, subject, queue="workers")
    subscription = leaver.subscribe(subject, queue="workers", callback=got.append)
    leaver.flush()
    for number in range(20_000):
        publisher.publish(subject, payload=b"%d" % number)
        if number % 1000 == 0:
            gevent.sleep(0)
        if number == 10_000:
            assert leaver.drain_subscription(subscription)
    wait_for(lambda: len(got) >= 20_000)
    assert sorted(int(message.payload) for message in got) == list(range(20_000))
    assert subscription.received_messages > 0


def test_drain_writes_and_delivers_everything(nats_server: Nats, clients: Clients, subject: str) -> None:
    worker, client = clients.connect(nats_server), clients.connect(nats_server)
    replies = collect(client, f"{subject}.done")
    worker.subscribe(subject, callback=lambda message: worker.publish(f"{subject}.done", payload=message.payload))
    worker.flush()
    for number in range(5000):
        client.publish(subject, payload=b"%d" % number)
    client.flush()  # the server has them all, some on their way to the worker
    assert worker.drain()
    wait_for(lambda: len(replies) == 5000)
    assert not worker.connected
    with pytest.raises(ClientClosedError):
        worker.publish(subject)


def test_stop_writes_what_was_published_before_the_connection(
    nats_server: Nats, clients: Clients, subject: str
) -> None:
    got = collect(clients.connect(nats_server), subject)
    client = clients.start(nats_server)
    assert not client.connected
    client.publish(subject, payload=b"early")
    client.stop()
    wait_for(lambda: [message.payload for message in got] == [b"early"])


def test_closing_wakes_those_who_wait(nats_server: Nats, clients: Clients, subject: str) -> None:
    client = clients.connect(nats_server)
    asked = collect(client, subject)
    waiting = gevent.spawn(client.request, subject, timeout=60)
    wait_for(lambda: asked)
    client.close()
    with pytest.raises(ClientClosedError):
        waiting.get(timeout=5)
    client.close()
    for use in (lambda: client.publish(subject), lambda: client.subscribe(subject, callback=print), client.start):
        with pytest.raises(ClientClosedError):
            use()
    with pytest.raises(NotConnectedError):
        client.round_trip()


def test_a_callback_may_close_the_client(nats_server: Nats, clients: Clients, subject: str) -> None:
    client = clients.connect(nats_server)
    got: list[Message] = []

    def take_one(message: Message) -> None:
        got.append(message)
        client.close()

    client.subscribe(subject, callback=take_one)
    for _ in range(3):
        client.publish(subject)
    wait_for(lambda: not client.connected)
    assert len(got) == 1


def test_it_ends_after_max_messages(nats_server: Nats, clients: Clients, subject: str) -> None:
    client = clients.connect(nats_server)
    got = collect(client, subject, max_messages=2)
    for _ in range(5):
        client.publish(subject)
    client.flush()
    assert len(got) == 2
    with pytest.raises(NoRespondersError):
        client.request(subject)


def test_draining_without_a_server_ends_in_time(clients: Clients) -> None:
    with own_server(started=False) as server:
        client = clients.start(server, drain_seconds=0.3)
        client.publish("a")
        begun = time.monotonic()
        assert not client.drain()
        assert time.monotonic() - begun < 4
        idle = clients.start(server)
        assert idle.drain()
