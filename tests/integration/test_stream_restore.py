"""A stream's snapshot is put back while a service makes the stream anew, as edges and chat logs do."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from apps.local.backends import Nats
from common.nats import Client
from common.nats.jetstream import JetStream, Stream
from operations import streams

STREAM = Stream("PUT_BACK", ("put.back",))
SECONDS = 10.0
SEVERAL = 3


class Rivalled(Client):
    """A client whose stream somebody else makes just before it asks for the restore, a number of times."""

    rivals = 0

    def request(self, subject: str, **options: Any) -> Any:
        """Send a request and return the answer."""
        if "RESTORE" in subject and self.rivals:
            self.rivals -= 1
            JetStream(self, SECONDS).keep(STREAM)
        return super().request(subject, **options)


@pytest.fixture
def client(nats_server: Nats) -> Iterator[Rivalled]:
    with closing(Rivalled([nats_server.url], name="test", timeout=SECONDS)) as client:
        client.start()
        assert client.wait_connected(SECONDS)
        yield client
        JetStream(client, SECONDS).delete(STREAM.name)


@pytest.fixture
def snapshot(client: Rivalled) -> tuple[dict[str, Any], list[bytes]]:
    """A stream of two messages that is gone, as what was said about it and its pieces."""
    jetstream, pieces = JetStream(client, SECONDS), list[bytes]()
    jetstream.keep(STREAM)
    for payload in (b"one", b"two"):
        client.request("put.back", payload=payload)
    about = streams.save(client, STREAM.name, SECONDS, pieces.append)
    jetstream.delete(STREAM.name)
    return about, pieces


def held(client: Client) -> list[bytes]:
    return [message.payload for message in JetStream(client, SECONDS).read(STREAM.name, "put.back", number=1, most=9)]


def test_a_stream_that_is_made_meanwhile_is_replaced(
        client: Rivalled, snapshot: tuple[dict[str, Any], list[bytes]]) -> None:
    about, pieces = snapshot
    client.rivals = SEVERAL
    assert streams.restore(client, STREAM.name, about, lambda: pieces, SEVERAL + 1) == 2
    assert held(client) == [b"one", b"two"]


def test_the_tries_have_an_end(client: Rivalled, snapshot: tuple[dict[str, Any], list[bytes]]) -> None:
    about, pieces = snapshot
    client.rivals = SEVERAL
    with pytest.raises(streams.StreamError, match="already in use"):
        streams.restore(client, STREAM.name, about, lambda: pieces, SEVERAL)


def test_messages_that_came_meanwhile_are_not_removed(
        client: Rivalled, snapshot: tuple[dict[str, Any], list[bytes]]) -> None:
    about, pieces = snapshot
    JetStream(client, SECONDS).keep(STREAM)
    client.request("put.back", payload=b"new")
    with pytest.raises(streams.StreamError, match="has 1 messages"):
        streams.restore(client, STREAM.name, about, lambda: pieces, SEVERAL)
    assert held(client) == [b"new"]
