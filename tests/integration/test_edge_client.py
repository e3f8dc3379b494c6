"""The chat client that comes back: edges end and die, connections break; nothing is lost or doubled."""

import itertools
from collections.abc import Callable

import orjson
import pytest

from apps.client.chat import ChatRefusedError
from apps.client.chat_events import Gap, Joined, Lost
from apps.client.lasting_chat import LastingChat, NoTicketError, NotInChatError, Patience
from common import subjects
from common.nats import Client
from tests.faults.proxy import Proxy
from tests.support.edge import Edge, EdgeSystem
from tests.support.lasting_chats import (
    CHANCE,
    FAMILY,
    MANY,
    OPTIONS,
    PATIENCE,
    Listener,
    Speaker,
    address,
    heard_all,
    listen,
    speaker,
    stable,
    system,
    world,
)
from tests.support.waiting import wait_for


@pytest.mark.parametrize("leave", [EdgeSystem.kill, lambda _, edge: edge.terminate()], ids=["kill -9", "sigterm"])
def test_who_loses_an_edge_hears_every_message_once_and_in_order(
        system: EdgeSystem, stable: Edge, listen: Callable[..., Listener], speaker: Callable[[], Speaker],
        leave: Callable[[EdgeSystem, Edge], None]) -> None:
    edge = system.edge(*OPTIONS)
    listeners = [listen(edge.port, stable.port) for _ in range(8)]
    for listener in listeners:
        listener.wait_joined()
    wait_for(lambda: edge.metric("edge_followed_channels") == 10)
    speaking = speaker()
    speaking.wait()
    leave(system, edge)
    for listener in listeners:
        listener.wait_joined(2)
    speaking.wait()
    speaking.stop()
    for listener in listeners:
        heard_all(listener, speaking)
        assert listener.count(Lost) == 1


def test_connections_that_break_again_and_again_lose_and_double_nothing(
        system: EdgeSystem, stable: Edge, listen: Callable[..., Listener], speaker: Callable[[], Speaker]) -> None:
    other = system.edge(*OPTIONS)
    proxies = [Proxy(edge.port) for edge in (stable, other)]
    for proxy in proxies:
        proxy.start()
    try:
        listeners = [listen(*(proxy.port for proxy in proxies)) for _ in range(4)]
        for listener in listeners:
            listener.wait_joined()
        wait_for(lambda: stable.metric("edge_followed_channels") >= 6)
        speaking = speaker()
        for cut in range(20):
            for listener in listeners:
                listener.wait_joined(listener.count(Lost) + 1)
            speaking.wait(cut % 4)  # right after the joining, or a little later
            for proxy in proxies:
                proxy.cut()
            for listener in listeners:
                wait_for(lambda listener=listener, cut=cut: listener.count(Lost) > cut)  # type: ignore[misc]
        for listener in listeners:
            listener.wait_joined(listener.count(Lost) + 1)
        speaking.stop()
        for listener in listeners:
            heard_all(listener, speaking)
            assert listener.count(Lost) == 20
    finally:
        for proxy in proxies:
            proxy.stop()


def test_a_plain_client_comes_back_too_and_hears_what_is_said_from_then_on(
        system: EdgeSystem, stable: Edge, listen: Callable[..., Listener], speaker: Callable[[], Speaker]) -> None:
    edge = system.edge(*OPTIONS)
    listener = listen(edge.port, stable.port, extended=False)
    listener.wait_joined()
    speaking = speaker()
    speaking.wait()
    edge.terminate()
    listener.wait_joined(2)
    speaking.wait()
    speaking.stop()
    for channel, said in speaking.said.items():
        wait_for(lambda channel=channel, said=said: listener.texts(channel)[-1:] == said[-1:])  # type: ignore[misc]
        heard = listener.texts(channel)
        assert heard == sorted(set(heard), key=int)
        assert set(heard) <= set(said)
        assert len(heard) > MANY


def test_who_comes_into_another_family_hears_its_last_messages(
        system: EdgeSystem, stable: Edge, world: str, listen: Callable[..., Listener]) -> None:
    red, blue = (system.join(stable, name, world, name) for name in (FAMILY, "Blue"))
    blue.send(*(f"0000FAMILYblue {number}".encode() for number in range(8)))
    blue.lines(8)
    listener = listen(stable.port, last=3)
    listener.wait_joined()
    red.send(b"0000FAMILYred")
    wait_for(lambda: listener.texts("family") == ["red"])
    client = Client([system.nats.url], name="game logic")
    client.start()
    try:
        assert client.wait_connected(10)
        client.publish(subjects.chat_control(world), payload=orjson.dumps(
            {"world": world, "uid": "uid of listener 0", "fn": "Blue", "since": "2020-01-01T00:00:00.000",
                 "time": "2026-01-01T00:00:00.000"}))
        client.flush()
    finally:
        client.close()
    wait_for(lambda: listener.texts("family") == ["red", "blue 5", "blue 6", "blue 7"])
    blue.send(b"0000FAMILYnow")
    wait_for(lambda: listener.texts("family")[-1] == "now")


def test_who_was_away_for_too_long_is_told(
        system: EdgeSystem, world: str, listen: Callable[..., Listener]) -> None:
    edge = system.edge("--history-limit=5", *OPTIONS[1:])
    proxy = Proxy(edge.port)
    proxy.start()
    try:
        listener = listen(proxy.port)
        listener.wait_joined()
        speaker = system.join(edge, "speaker", world, FAMILY)
        speaker.send(b"0000PUBLICseen")
        wait_for(lambda: listener.texts() == ["seen"])
        proxy.pause()
        proxy.cut()
        speaker.send(*(b"0000PUBLIC%d" % number for number in range(20)))
        speaker.lines(21)
        proxy.resume()
        wait_for(lambda: listener.texts()[-1:] == ["19"])
        assert listener.texts() == ["seen", "15", "16", "17", "18", "19"]
        (gap,) = [event for event in listener.heard if isinstance(event, Gap)]
        assert gap.channel == "public"
        assert listener.heard.index(gap) == len(listener.heard) - 6
    finally:
        proxy.stop()


def test_speaking_waits_for_the_connection(stable: Edge, listen: Callable[..., Listener]) -> None:
    listener = listen(stable.port)
    listener.chat.say("PUBLIC", "hello", 20)
    wait_for(lambda: listener.texts() == ["hello"])
    listener.stop()
    with pytest.raises(NotInChatError):
        listener.chat.say("PUBLIC", "too late", 0.1)


def test_without_any_edge_the_client_gives_up(system: EdgeSystem) -> None:
    tickets = itertools.count()
    chat = LastingChat([address(1)], lambda: str(next(tickets)), lambda: CHANCE,
                       patience=Patience(first=0.02, longest=0.05, giving_up=0.5))
    with pytest.raises(OSError, match="refused"):
        next(chat.events())
    assert next(tickets) > 3


def test_a_ticket_that_is_refused_is_replaced_and_none_at_all_ends_it(system: EdgeSystem, stable: Edge) -> None:
    tickets = iter(["1", "2", system.auth.nonce("anna")])
    chat = LastingChat([address(stable.port)], lambda: next(tickets), lambda: CHANCE, patience=PATIENCE)
    events = chat.events()
    assert next(events) == Joined(f"127.0.0.1:{stable.port}")
    chat.close()
    assert list(events) == []

    def never() -> str:
        raise NoTicketError("no player")

    with pytest.raises(NoTicketError):
        next(LastingChat([address(stable.port)], never, lambda: CHANCE).events())
    always_bad = LastingChat([address(stable.port)], lambda: "1", lambda: CHANCE,
                             patience=Patience(first=0.01, giving_up=0.1))
    with pytest.raises(ChatRefusedError):
        next(always_bad.events())
