"""What the NATS client does on a server that works."""

import itertools
import logging
from collections.abc import Iterator

import gevent
import pynats2
import pytest
from prometheus_client import REGISTRY

from apps.local.backends import Nats
from common.nats import (
    BufferFullError,
    Client,
    Message,
    NATSRequestTimeoutError,
    NoRespondersError,
)
from tests.support.nats import Clients, collect, configured_server
from tests.support.waiting import wait_for

NUMBERS = itertools.count(1)


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients()
    yield made
    made.close()


@pytest.fixture
def subject() -> str:
    return f"test.{next(NUMBERS)}"


def test_messages_come_whole_and_in_order(nats_server: Nats, clients: Clients, subject: str) -> None:
    client = clients.connect(nats_server)
    got = collect(client, f"{subject}.*")
    for number in range(3000):
        client.publish(f"{subject}.x", payload=b"%d\r\n" % number * 20, reply="re")
    client.flush()
    assert [message.payload for message in got] == [b"%d\r\n" % number * 20 for number in range(3000)]
    assert {(message.subject, message.reply, message.status) for message in got} == {(f"{subject}.x", "re", 0)}


def test_it_is_a_client_of_pynats2(nats_server: Nats, clients: Clients, subject: str) -> None:
    client = clients.connect(nats_server)
    assert isinstance(client, pynats2.NATSClient)
    got = collect(client, subject)
    client.publish(subject)
    client.flush()
    assert isinstance(got[0], pynats2.NATSMessage)
    subscription = client.subscribe(subject, callback=got.append)
    assert isinstance(subscription, pynats2.NATSSubscription)
    with pytest.raises(pynats2.NATSError), Client([nats_server.url], name="context") as other:
        other.request(subject + ".nobody")


def test_of_a_queue_group_one_member_gets_a_message(nats_server: Nats, clients: Clients, subject: str) -> None:
    members = [collect(clients.connect(nats_server), subject, queue="workers") for _ in range(2)]
    alone = collect(clients.connect(nats_server), subject)
    publisher = clients.connect(nats_server)
    for number in range(1000):
        publisher.publish(subject, payload=b"%d" % number)
    wait_for(lambda: len(alone) == 1000 and sum(map(len, members)) >= 1000)
    assert sorted(int(message.payload) for got in members for message in got) == list(range(1000))
    assert all(members)


def test_fifty_greenlets_get_their_own_replies(nats_server: Nats, clients: Clients, subject: str) -> None:
    server, client = clients.connect(nats_server), clients.connect(nats_server)
    server.subscribe(subject, callback=lambda message: server.publish(message.reply, payload=message.payload[::-1]))
    server.flush()

    def ask(name: int) -> list[bytes]:
        return [client.request(subject, payload=b"%d.%d" % (name, number)).payload[::-1] for number in range(20)]

    asking = [gevent.spawn(ask, name) for name in range(50)]
    gevent.joinall(asking, timeout=10, raise_error=True)
    assert [greenlet.get(timeout=1) for greenlet in asking] == [
        [b"%d.%d" % (name, number) for number in range(20)] for name in range(50)]


def test_nobody_there_is_known_at_once(nats_server: Nats, clients: Clients, subject: str) -> None:
    client = clients.connect(nats_server)
    with gevent.Timeout(5), pytest.raises(NoRespondersError, match=subject):
        client.request(subject, timeout=60)


def test_a_request_has_a_time_limit_and_a_late_reply_harms_nothing(
    nats_server: Nats, clients: Clients, subject: str
) -> None:
    client = clients.connect(nats_server)
    asked = collect(client, subject)
    with pytest.raises(NATSRequestTimeoutError, match=subject):
        client.request(subject, timeout=0.05)
    client.publish(asked[0].reply, payload=b"late")
    client.flush()
    client.subscribe(f"{subject}.2", callback=lambda message: client.publish(message.reply, payload=b"in time"))
    assert client.request(f"{subject}.2").payload == b"in time"


def test_headers(nats_server: Nats, clients: Clients, subject: str) -> None:
    client = clients.connect(nats_server)
    got = collect(client, subject)
    client.publish(subject, payload=b"body", headers={"Trace": "7", "Name": "世界"})
    client.publish(subject, payload=b"plain")
    client.flush()
    assert [(message.headers, message.payload) for message in got] == [
        ({"Trace": "7", "Name": "世界"}, b"body"), ({}, b"plain")]


def test_headers_of_requests_and_replies(nats_server: Nats, clients: Clients, subject: str) -> None:
    client = clients.connect(nats_server)
    client.subscribe(subject, callback=lambda message: client.publish(message.reply, headers=message.headers))
    assert client.request(subject, headers={"Trace": "7"}).headers == {"Trace": "7"}


def test_a_callback_that_fails_is_logged_and_harms_nobody(
    nats_server: Nats, clients: Clients, subject: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = clients.connect(nats_server)

    def fail(message: Message) -> None:
        if message.payload == b"timeout":
            raise gevent.Timeout(1)
        raise RuntimeError("on purpose")

    client.subscribe(subject, callback=fail)
    got = collect(client, subject)
    for payload in (b"error", b"timeout", b"last"):
        client.publish(subject, payload=payload)
    client.flush()
    assert len(got) == 3
    records = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.__dict__["subject"] for record in records] == [subject] * 3
    assert client.connected


def test_a_callback_cannot_wait_for_its_own_greenlet(
    nats_server: Nats, clients: Clients, subject: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = clients.connect(nats_server)
    client.subscribe(subject, callback=lambda message: client.request(f"{subject}.other"))
    client.publish(subject)
    client.flush()
    assert "must not wait" in caplog.text


@pytest.mark.parametrize("bad", ["", "a b", "a\r\nPING", "a.*"])
def test_what_is_no_subject_is_refused_and_the_connection_lives(nats_server: Nats, clients: Clients, bad: str) -> None:
    client = clients.connect(nats_server)
    with pytest.raises(ValueError, match=r"subject|wildcard"):
        client.publish(bad)
    client.flush()


def test_a_payload_that_the_server_would_not_take_is_refused(clients: Clients, subject: str) -> None:
    with configured_server("max_payload: 1000") as server:
        client = clients.connect(server)
        client.publish(subject, payload=b"x" * 1000)
        with pytest.raises(ValueError, match="takes 1000"):
            client.publish(subject, payload=b"x" * 1001)
        client.flush()


def test_large_payloads_pass(nats_server: Nats, clients: Clients, subject: str) -> None:
    client = clients.connect(nats_server)
    got = collect(client, subject)
    payload = bytes(range(256)) * 4096
    for _ in range(5):
        client.publish(subject, payload=payload)
    client.flush(5)
    assert [message.payload for message in got] == [payload] * 5


def test_the_buffer_has_a_limit(nats_server: Nats, clients: Clients, subject: str) -> None:
    client = clients.connect(nats_server, buffer_bytes=10_000)
    got = collect(client, subject)
    for _ in range(9):  # the writer gets no turn
        client.publish(subject, payload=b"x" * 1000)
    with pytest.raises(BufferFullError, match="limit is 10000"):
        client.publish(subject, payload=b"x" * 1000)
    client.flush()
    assert len(got) == 9
    client.publish(subject)
    client.flush()


def test_signs_of_life(nats_server: Nats, clients: Clients) -> None:
    client = clients.connect(nats_server)
    assert 0 < client.round_trip() < 10
    client.ping()
    assert client.round_trip() > 0


def test_metrics(nats_server: Nats, clients: Clients, subject: str) -> None:
    def value(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    received = value("nats_messages_received_total")
    client = clients.connect(nats_server, name="measured")
    collect(client, subject)
    client.publish(subject, payload=b"x" * 100)
    assert value("nats_pending_bytes", client="measured") > 100
    client.flush()
    assert value("nats_messages_received_total") == received + 1
    assert value("nats_pending_bytes", client="measured") == 0
    assert value("nats_connected", client="measured") == 1
    client.close()
    assert value("nats_connected", client="measured") == 0
