"""Messages that are older than the stream keeps them: nobody gets them any more, and who had missed them is told."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from common import subjects
from common.nats import Client
from common.nats.chat_stream import chat_stream
from common.nats.jetstream import JetStream
from common.process_settings import ChatStreamSettings
from tests.support.edge import EdgeSystem
from tests.support.waiting import wait_for

STREAM = chat_stream(ChatStreamSettings())


@pytest.fixture
def system() -> Iterator[EdgeSystem]:
    running = EdgeSystem(jetstream=True)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def test_old_messages_end_and_leave_a_gap(system: EdgeSystem) -> None:
    edge, world = system.edge("--stream-seconds=600"), system.world()
    with closing(Client([system.nats.url], name="test")) as nats:
        nats.start()
        assert nats.wait_connected(10)
        jetstream = JetStream(nats, 5)

        def kept() -> int:
            counts = jetstream.state(STREAM.name, subjects.public_chat(world)).get("subjects", {})
            return sum(counts.values())

        speaker = system.join(edge, "ada", world)
        speaker.send(b"0000PUBLICold")
        wait_for(lambda: kept() == 1)
        jetstream.keep(replace(STREAM, seconds=0.2))
        wait_for(lambda: kept() == 0)
        jetstream.keep(STREAM)
    back, new = (system.connect(edge).register(system.auth.nonce(name, world) + wishes)
                 for name, wishes in (("bert", ";after-public=0"), ("carl", ";last=5")))
    assert back.line() == b'0000000GAP{"channel":"public","after":0}'
    speaker.send(b"0000PUBLICnew")
    for client in (back, new):
        assert b'"text":"new"' in (client.line() or b"")
