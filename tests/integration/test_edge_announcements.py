"""Announcements from the outbox to clients: once, however often the outbox delivers them."""

from collections.abc import Iterator
from typing import Any, cast

import orjson
import pytest

from apps.worker.mail_client import MailClient
from apps.worker.receivers import receivers
from apps.worker.rules.chat_control import CHAT_NEWS
from common import subjects
from common.nats import Client
from common.nats.errors import NATSError
from common.nats.jetstream import JetStream
from tests.support.edge import ChatClient, Edge, EdgeSystem, NatsServer
from tests.support.edge_pair import Running, nats, one, system, two_edges


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    yield from two_edges(EdgeSystem(jetstream=True))


def receiver(nats: Client) -> Any:
    """What the outbox of a worker calls."""
    return receivers(cast(MailClient, None), nats, JetStream(nats, 1))[CHAT_NEWS]


def news(world: str, text: str, key: str) -> dict[str, str]:
    return {"world": world, "text": text, "key": key}


def texts(client: ChatClient, count: int) -> list[str]:
    return [orjson.loads((client.line() or b"")[10:])["text"] for _ in range(count)]


def test_a_row_that_is_delivered_again_and_again_is_one_announcement(
        system: EdgeSystem, one: Edge, nats: Client) -> None:
    world = system.world()
    ada = system.connect(one).register(system.auth.nonce("ada", world) + ";system=1")
    announce = receiver(nats)
    for body in (news(world, "the server stops", "a1"), news(world, "the server stops", "a1"),
                 news(world, "the server stops", "a2"), news(world, "it is back", "a3"),
                 news(world, "the server stops", "a1"), {"world": world, "text": "of a former version"}):
        announce(body)
    assert texts(ada, 4) == ["the server stops", "the server stops", "it is back", "of a former version"]
    late = system.connect(one).register(system.auth.nonce("bea", world) + ";system=1;last=9")
    assert texts(late, 4) == ["the server stops", "the server stops", "it is back", "of a former version"]
    assert (late.silent(0.1), ada.silent(0.1)) == (True, True)


def test_it_is_recognised_for_as_long_as_the_option_says(system: EdgeSystem, one: Edge, nats: Client) -> None:
    reply = nats.request("$JS.API.STREAM.INFO.CHAT")
    assert orjson.loads(reply.payload)["config"]["duplicate_window"] == 24 * 3600 * 10**9


def test_what_no_stream_has_taken_stays_in_the_outbox() -> None:
    server = NatsServer()
    server.start()
    client = Client([server.url], name="game logic")
    client.start()
    try:
        assert client.wait_connected(10)
        heard: list[Any] = []
        client.subscribe(subjects.ALL_CHAT, callback=heard.append)
        with pytest.raises(NATSError):
            receiver(client)(news("s1", "hello", "a1"))
    finally:
        client.close()
        server.remove()
