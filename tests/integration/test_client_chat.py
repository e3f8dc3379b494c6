"""The chat client that comes back: edges end and die, connections break, NATS restarts; nothing is lost or doubled."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import pytest

from apps.client.chat import ChatRefusedError
from apps.client.chat_events import Event, Gap, Joined, Lost, Message
from apps.client.chat_progress import Progress
from apps.client.gate import Address
from apps.client.lasting_chat import LastingChat, NoTicketError, NotInChatError, Patience
from common import subjects
from common.nats import Client, NATSError
from common.nats.jetstream import JetStream
from tests.faults.proxy import Proxy
from tests.support.edge import ChatClient, Edge, EdgeSystem, wait_for

OPTIONS = ("--history-limit=5000", "--message-burst=1000", "--messages-per-second=1000", "--stop-seconds=10")
PATIENCE = Patience(first=0.05, longest=0.5, giving_up=20)
CHANCE = 0.3
MANY = 100
FAMILY = "Red"


@pytest.fixture(scope="module")
def system() -> Iterator[EdgeSystem]:
    running = EdgeSystem(jetstream=True)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def stable(system: EdgeSystem) -> Edge:
    """An edge that stays."""
    return system.edge(*OPTIONS)


@pytest.fixture
def world(system: EdgeSystem) -> Iterator[str]:
    yield system.world()
    system.close_clients()


def address(port: int) -> Address:
    return Address("127.0.0.1", port)


class Listener:
    """A client of the library, in a greenlet, and what it has heard."""

    def __init__(self, system: EdgeSystem, world: str, ports: list[int], name: str, *, extended: bool = True,
                 last: int = 0) -> None:
        self.heard: list[Event] = []
        self.chat = LastingChat(
            [address(port) for port in ports], lambda: system.auth.nonce(name, world, FAMILY), lambda: CHANCE,
            progress=Progress(last=last, system=False) if extended else None, patience=PATIENCE)
        self._loop = gevent.spawn(self._run)

    def _run(self) -> None:
        for event in self.chat.events():
            self.heard.append(event)

    def texts(self, channel: str = "public") -> list[str]:
        return [event.text for event in self.heard if isinstance(event, Message) and event.channel == channel]

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.heard)

    def wait_joined(self, times: int = 1) -> None:
        wait_for(lambda: self.count(Joined) >= times)

    def stop(self) -> None:
        self.chat.close()
        self._loop.get(timeout=20)


@pytest.fixture
def listen(system: EdgeSystem, world: str) -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def listen_one(*ports: int, **options: object) -> Listener:
        made.append(Listener(system, world, list(ports), f"listener {len(made)}", **options))  # type: ignore[arg-type]
        return made[-1]

    yield listen_one
    for listener in made:
        listener.stop()


class Speaker:
    """Says numbered texts, in public and to the family in turn, and knows what it said."""

    def __init__(self, client: ChatClient) -> None:
        self.said: dict[str, list[str]] = {"public": [], "family": []}
        self._client = client
        self._ending = False
        self._loop = gevent.spawn(self._run)

    def _run(self) -> None:
        for number, channel in zip(itertools.count(), itertools.cycle(self.said)):
            if self._ending:
                break
            self._client.send(f"{channel.upper().rjust(10, '0')}{number}".encode())
            self.said[channel].append(str(number))
            gevent.sleep(0.002)

    def wait(self, more: int = MANY) -> None:
        """Wait until it has said so many further texts."""
        goal = len(self.said["public"]) + more
        wait_for(lambda: len(self.said["public"]) >= goal or self._loop.dead)

    def stop(self) -> None:
        self._ending = True
        self._loop.get(timeout=20)


@pytest.fixture
def speaker(system: EdgeSystem, stable: Edge, world: str) -> Iterator[Callable[[], Speaker]]:
    made: list[Speaker] = []

    def speak() -> Speaker:
        made.append(Speaker(system.join(stable, "speaker", world, FAMILY)))
        return made[-1]

    yield speak
    for one in made:
        one.stop()


def heard_all(listener: Listener, speaker: Speaker, *, since: int = 0) -> None:
    """Each channel's texts came once, in order, and none is missing."""
    for channel, said in speaker.said.items():
        wait_for(lambda channel=channel, said=said: listener.texts(channel)[-1:] == said[-1:])  # type: ignore[misc]
        assert listener.texts(channel)[since:] == said
    assert listener.count(Gap) == 0


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
