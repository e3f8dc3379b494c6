"""Clients of the chat that come back, and somebody who speaks to them all the time."""

import itertools
from collections.abc import Callable, Iterator

import gevent
import pytest

from apps.client.chat_events import Event, Gap, Joined, Message
from apps.client.chat_progress import Progress
from apps.client.gate import Address
from apps.client.lasting_chat import LastingChat, Patience
from tests.support.edge import ChatClient, Edge, EdgeSystem
from tests.support.waiting import wait_for

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
