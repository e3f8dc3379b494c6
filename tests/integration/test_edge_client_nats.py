"""The chat client that comes back while NATS restarts, and when NATS has lost messages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from apps.client.chat_events import Gap
from common import subjects
from common.nats import Client, NATSError
from common.nats.jetstream import JetStream
from tests.faults.proxy import Proxy
from tests.support.edge import ChatClient, Edge, EdgeSystem
from tests.support.lasting_chats import FAMILY, Listener, Speaker, listen, speaker, stable, system, world
from tests.support.waiting import wait_for


def test_a_restart_of_nats_loses_and_doubles_nothing_that_the_stream_has(
        system: EdgeSystem, stable: Edge, world: str, listen: Callable[..., Listener],
        speaker: Callable[[], Speaker]) -> None:
    listeners = [listen(stable.port) for _ in range(3)]
    for listener in listeners:
        listener.wait_joined()
    speaking = speaker()
    speaking.wait()
    system.nats.kill()
    speaking.wait(20)
    system.nats.start()
    speaking.wait()
    wait_for(stable.ready)
    late = listen(stable.port, last=5000)
    speaking.wait()
    speaking.stop()
    last = {channel: said[-1] for channel, said in speaking.said.items()}
    kept = {"public": stored(system, subjects.public_chat(world), last["public"]),
            "family": stored(system, subjects.family_chat(world, FAMILY), last["family"])}
    for channel, texts in kept.items():
        assert [*map(str, sorted(map(int, texts)))] == texts
        assert len(set(texts)) == len(texts)
        for listener in (*listeners, late):
            wait_for(lambda listener=listener, channel=channel, texts=texts: (  # type: ignore[misc]
                listener.texts(channel)[-1:] == texts[-1:]))
            assert listener.texts(channel) == texts
            assert listener.count(Gap) == 0


@pytest.mark.parametrize("everything", [True, False])
def test_messages_that_nats_has_lost_are_a_gap_and_what_comes_after_them_is_heard(
        system: EdgeSystem, stable: Edge, world: str, listen: Callable[..., Listener], tmp_path: Path,
        everything: bool) -> None:
    proxy = Proxy(stable.port)
    proxy.start()
    try:
        staying, leaving = listen(stable.port), listen(proxy.port)
        for listener in (staying, leaving):
            listener.wait_joined()
        speaker = system.join(stable, "speaker", world, FAMILY)
        say(speaker, "kept 1", "kept 2")
        wait_for(lambda: staying.texts()[-1:] == leaving.texts()[-1:] == ["kept 2"])
        restart(system, stable, lambda: system.nats.keep_copy(tmp_path / "copy"))
        say(speaker, *(f"lost {number}" for number in range(20)))
        wait_for(lambda: staying.texts()[-1:] == leaving.texts()[-1:] == ["lost 19"])
        proxy.pause()
        proxy.cut()
        restart(system, stable, lambda: system.nats.go_back(None if everything else tmp_path / "copy"))
        wait_for(lambda: said_again(system, speaker, world))
        proxy.resume()
        expected = ["kept 1", "kept 2", *(f"lost {number}" for number in range(20))]
        for listener in (staying, leaving):
            wait_for(lambda listener=listener: listener.texts()[-1:] == ["new"])  # type: ignore[misc]
            assert [text for text in listener.texts() if text != "new"] == expected
            assert [event.channel for event in listener.heard if isinstance(event, Gap)].count("public") == 1
    finally:
        proxy.stop()


def restart(system: EdgeSystem, edge: Edge, meanwhile: Callable[[], None]) -> None:
    """Restart NATS, and do something while it is away."""
    system.nats.kill()
    wait_for(lambda: edge.page("/readyz")[0] == 503)
    meanwhile()
    system.nats.start()
    wait_for(edge.ready)


def say(speaker: ChatClient, *texts: str) -> None:
    """Say texts in public and wait until they are back."""
    speaker.send(*(f"0000PUBLIC{text}".encode() for text in texts))
    while not (speaker.line() or b"").endswith(b":" + texts[-1].encode()):
        pass


def said_again(system: EdgeSystem, speaker: ChatClient, world: str) -> bool:
    """Say something; return whether there is a stream that has it."""
    say(speaker, "new")
    client = Client([system.nats.url], name="reader")
    client.start()
    try:
        return client.wait_connected(10) and "new" in texts_in(JetStream(client, 5), subjects.public_chat(world))
    except NATSError:
        return False
    finally:
        client.close()


def stored(system: EdgeSystem, subject: str, last: str) -> list[str]:
    """Return the texts that the stream has of a channel, when the last one is there."""
    client = Client([system.nats.url], name="reader")
    client.start()
    try:
        assert client.wait_connected(10)
        stream = JetStream(client, 5)
        wait_for(lambda: texts_in(stream, subject)[-1:] == [last])
        return texts_in(stream, subject)
    finally:
        client.close()


def texts_in(stream: JetStream, subject: str) -> list[str]:
    return [message.payload.decode().partition(":")[2] for message in stream.read("CHAT", subject, number=1, most=5000)]
