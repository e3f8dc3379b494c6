"""The chat log reads a stream of its own: no busy channel outruns it, and what does not arrive there it finds."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gevent
import pytest

from common import subjects
from common.nats import Client
from common.nats.chat_stream import chat_stream, log_stream
from common.nats.jetstream import JetStream
from common.process_settings import ChatStreamSettings
from tests.support.chat_log import ChatLog
from tests.support.edge import NatsServer
from tests.support.waiting import wait_for

CHANNEL = 20
SETTINGS = ChatStreamSettings(chat_stream_channel=CHANNEL)
CHAT, LOG = chat_stream(SETTINGS), log_stream(SETTINGS)
CONSUMER = "chat-log"
FORMER = replace(CHAT, copies="")
"""The stream as a former version makes it."""


@pytest.fixture
def server() -> Iterator[NatsServer]:
    running = NatsServer(jetstream=True)
    try:
        running.start()
        yield running
    finally:
        running.remove()


@pytest.fixture
def log(server: NatsServer, tmp_path: Path) -> Iterator[ChatLog]:
    found = ChatLog(server.url, tmp_path / "log", f"--chat-stream-channel={CHANNEL}")
    yield found
    found.end(signal.SIGKILL)


@pytest.fixture
def nats(server: NatsServer) -> Iterator[Client]:
    client = Client([server.url], name="speaker")
    client.start()
    assert client.wait_connected(10)
    yield client
    client.close()


@pytest.fixture
def jetstream(nats: Client) -> JetStream:
    return JetStream(nats, 5)


def say(nats: Client, *texts: str) -> list[str]:
    for text in texts:
        nats.publish(subjects.public_chat("s1"), payload=f"ada:{text}".encode())
    nats.flush()
    return [*texts]


def numbered(name: str, count: int) -> list[str]:
    return [f"{name}{number}" for number in range(count)]


def has(log: ChatLog, texts: list[str]) -> None:
    wait_for(lambda: log.texts("s1") == texts)


def test_a_busy_channel_does_not_outrun_a_log_that_is_away(log: ChatLog, nats: Client) -> None:
    wait_for(log.start().ready)
    said = say(nats, "before")
    has(log, said)
    log.end()
    said += say(nats, *numbered("meanwhile", 10 * CHANNEL))
    log.start()
    has(log, said)


def test_nothing_is_missing_and_nothing_comes_twice_when_a_former_version_is_replaced(
        log: ChatLog, nats: Client, jetstream: JetStream) -> None:
    jetstream.keep(FORMER)
    say(nats, "logged 1", "logged 2", "logged 3", "not yet 1", "not yet 2")
    jetstream.add_consumer(CHAT.name, CONSUMER, pending=10, wait=30)
    for message in jetstream.fetch(CHAT.name, CONSUMER, most=3, seconds=1):
        jetstream.acknowledge(message)
    nats.flush()
    wait_for(log.start().ready)
    said = ["not yet 1", "not yet 2"]
    has(log, said)
    said += say(nats, "new")
    has(log, said)
    log.end()
    wait_for(log.start().ready)
    has(log, said + say(nats, "newer"))
    assert jetstream.position(CHAT.name, CONSUMER) is None


def test_what_was_not_copied_is_found(log: ChatLog, nats: Client, jetstream: JetStream) -> None:
    wait_for(log.start().ready)
    said = say(nats, "before")
    has(log, said)
    log.end()
    jetstream.keep(FORMER)  # as edges of a former version do
    said += say(nats, "not copied 1", "not copied 2")
    jetstream.keep(CHAT)
    said += say(nats, "copied")
    log.start()
    has(log, said)
    jetstream.keep(FORMER)
    has(log, said + say(nats, "not copied, and nothing comes after it"))


@pytest.mark.parametrize("runs", [True, False])
def test_its_stream_is_lost(log: ChatLog, nats: Client, jetstream: JetStream, runs: bool) -> None:
    wait_for(log.start().ready)
    said = say(nats, "one", "two")
    has(log, said)
    if not runs:
        log.end()
    jetstream.delete(LOG.name)
    said += say(nats, "three", "four")
    if not runs:
        log.start()
    has(log, said)
    has(log, said + say(nats, "five"))


def test_a_server_that_dies_again_and_again_takes_nothing_from_the_log(
        server: NatsServer, log: ChatLog, nats: Client, jetstream: JetStream) -> None:
    log = ChatLog(server.url, log.folder).start()
    try:
        wait_for(log.ready)
        for round_number in range(3):
            for text in numbered(f"round {round_number} ", 1000):
                nats.publish(subjects.public_chat("s1"), payload=f"ada:{text}".encode())
            gevent.sleep(0.005)  # some of it has been taken now, and is being copied
            server.kill()
            server.start()
            assert nats.wait_connected(10)
        said = say(nats, "end")[0]
        wait_for(lambda: said in log.texts("s1"))
        kept = jetstream.read(CHAT.name, subjects.ALL_CHAT, number=1, most=5000)
        wait_for(lambda: {message.number for message in kept} <= {line["number"] for line in log.lines("s1")})
        keys = [(line["number"], line["time"]) for line in log.lines("s1")]
        assert len(set(keys)) == len(keys)
    finally:
        log.end()
