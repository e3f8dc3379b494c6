"""Servers, waits, the queue of bytes and the subscriptions of the NATS client, without a server."""

import gevent
import pytest

from common.nats import BufferFullError, ClientClosedError, InvalidUrlError
from common.nats.message import Message
from common.nats.outbox import Outbox
from common.nats.servers import Backoff, Server, ServerPool, parse_url
from common.nats.subscriptions import Subscriptions


@pytest.mark.parametrize(("url", "host", "port", "tls", "credentials"), [
    ("nats://127.0.0.1", "127.0.0.1", 4222, False, {}),
    ("tls://nats.example:1/", "nats.example", 1, True, {}),
    ("nats://us%40er:p%3Aw@h:5", "h", 5, False, {"user": "us@er", "pass": "p:w"}),
    ("nats://token@h", "h", 4222, False, {"auth_token": "token"}),
    ("nats://[::1]:7", "::1", 7, False, {}),
])
def test_urls(url: str, host: str, port: int, tls: bool, credentials: dict[str, str]) -> None:
    server = parse_url(url)
    assert (server.host, server.port, server.tls, server.credentials) == (host, port, tls, credentials)


@pytest.mark.parametrize("url", ["", "h:4222", "http://h", "nats://", "nats://u:secret@h:port", "nats://u:secret@h/v"])
def test_urls_that_are_none_are_refused_without_their_secrets(url: str) -> None:
    with pytest.raises(InvalidUrlError) as caught:
        parse_url(url)
    assert str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_server_does_not_show_its_secrets() -> None:
    assert "secret" not in repr(parse_url("nats://user:secret@h")) + str(parse_url("nats://user:secret@h"))


def test_servers_take_turns() -> None:
    pool = ServerPool(["nats://a", "nats://b", "nats://a"])
    assert [pool.next().host for _ in range(4)] == ["a", "b", "a", "b"]


def test_learnt_servers_are_tried_with_the_credentials_of_their_origin() -> None:
    pool = ServerPool(["nats://user:pw@a"])
    origin = pool.next()
    pool.learn(["b:1", "[::1]:2", "a:4222", "nonsense", 7], origin)
    turns = [pool.next() for _ in range(len(pool))]
    assert [str(server) for server in turns] == ["b:1", "::1:2", "a:4222"]
    assert all(server.credentials == {"user": "user", "pass": "pw"} for server in turns)


def test_learnt_servers_replace_those_learnt_before() -> None:
    pool = ServerPool(["nats://a"])
    origin = pool.next()
    pool.learn(["b:1"], origin)
    pool.learn(["c:1"], origin)
    assert {pool.next().host for _ in range(9)} == {"a", "c"}
    pool.learn(None, origin)
    assert {pool.next().host for _ in range(9)} == {"a"}


def test_a_cluster_cannot_grow_the_list_without_limit() -> None:
    pool = ServerPool(["nats://a"])
    pool.learn([f"h{number}:1" for number in range(10_000)], pool.next())
    assert len(pool) <= 65


def test_backoff_begins_at_once_and_stays_under_its_cap() -> None:
    backoff = Backoff(first=0.1, cap=0.5, random=lambda: 1.0)
    assert [round(backoff.next(2), 3) for _ in range(7)] == [0, 0, 0.1, 0.2, 0.4, 0.5, 0.5]
    backoff.reset()
    assert backoff.next(2) == 0


def test_backoff_has_jitter() -> None:
    numbers = iter([0.0, 0.5])
    backoff = Backoff(first=0.1, cap=0.1, random=lambda: next(numbers))
    assert [round(backoff.next(0), 3) for _ in range(2)] == [0.05, 0.075]


def test_the_outbox_is_bounded_in_bytes() -> None:
    outbox = Outbox(10)
    outbox.put(b"12345")
    outbox.put(b"12345")
    with pytest.raises(BufferFullError, match="10 bytes wait"):
        outbox.put(b"1")
    frames = outbox.take()
    with pytest.raises(BufferFullError):
        outbox.put(b"1")  # what is being written still counts
    outbox.settle(frames, 10)
    assert outbox.pending == 0
    outbox.put(b"1")


def test_a_closed_outbox_takes_nothing() -> None:
    outbox = Outbox(10)
    outbox.close()
    with pytest.raises(ClientClosedError):
        outbox.put(b"")


@pytest.mark.parametrize(("sent", "left"), [(0, [b"aaa", b"bb"]), (1, [b"bb"]), (3, [b"bb"]), (4, []), (5, [])])
def test_after_a_broken_write_whole_frames_stay_and_half_ones_are_lost(sent: int, left: list[bytes]) -> None:
    outbox = Outbox(10)
    outbox.put(b"aaa")
    outbox.put(b"bb")
    frames = outbox.take()
    outbox.put(b"c")
    outbox.settle(frames, sent)
    assert outbox.pending == len(b"".join(left)) + 1
    assert outbox.take() == [*left, b"c"]


def test_a_new_connection_begins_without_the_commands_of_the_old_one() -> None:
    outbox = Outbox(10)
    outbox.put(b"message")
    outbox.put_control(b"PING")
    outbox.restart([b"SUB"])
    assert outbox.take() == [b"SUB", b"message"]


def test_taking_waits_for_something_to_take() -> None:
    outbox = Outbox(10)
    taker = gevent.spawn(outbox.take)
    gevent.sleep(0)
    assert not taker.ready()
    outbox.put(b"x")
    assert taker.get(timeout=5) == [b"x"]


def test_subscriptions_are_renewed_with_the_messages_that_are_left() -> None:
    subscriptions = Subscriptions()
    subscriptions.add("a", "q", lambda message: None, None)
    counted = subscriptions.add("b", "", lambda message: None, 3)
    retired = subscriptions.add("c", "", lambda message: None, None)
    subscriptions.deliver(Message(counted.sid, "b", "", b""))
    subscriptions.retire(retired)
    assert list(subscriptions.frames()) == [b"SUB a q 1\r\n", b"SUB b 2\r\nUNSUB 2 2\r\n"]
    subscriptions.deliver(Message(counted.sid, "b", "", b""))
    subscriptions.deliver(Message(counted.sid, "b", "", b""))
    assert counted not in subscriptions


def test_a_message_for_nobody_is_dropped() -> None:
    Subscriptions().deliver(Message(99, "a", "", b""))


def test_an_address_shows_host_and_port() -> None:
    assert str(Server("h", 1, tls=False, tls_name="h", ca="")) == "h:1"
