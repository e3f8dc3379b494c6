"""``python -m apps.client chat`` in a running system: it comes back when its connection breaks, with a new ticket."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from apps.client.chat import Chat
from apps.client.player import Player
from tests.faults.proxy import Proxy
from tests.support.game import Game
from tests.support.waiting import wait_for

SECONDS = 40


@pytest.fixture
def proxies(game: Game) -> Iterator[list[Proxy]]:
    made = [Proxy(edge.port) for edge in game.edges]
    for proxy in made:
        proxy.start()
    yield made
    for proxy in made:
        proxy.stop()


class Console:
    """The program, and what it has printed."""

    def __init__(self, game: Game, player: Player, proxies: list[Proxy], folder: Path, *options: str) -> None:
        state = folder / "client.json"
        player.state.save(state)
        edges = ",".join(f"127.0.0.1:{proxy.port}" for proxy in proxies)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "apps.client", "--gate", ",".join(game.endpoints["gates"]), "--edge", edges,
             "--state", state, "chat", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.shown: list[str] = []
        self._reader = gevent.spawn(self._read)

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.shown.extend(line.rstrip("\n") for line in self.process.stdout)

    def _count(self, text: str) -> int:
        return sum(text in line for line in self.shown)

    def wait(self, text: str, times: int = 1) -> None:
        wait_for(lambda: self._count(text) >= times, SECONDS, f"{text!r} in {self.shown}")

    def write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def end(self) -> int:
        """End the input and return the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def read_to(chat: Chat, text: str) -> None:
    while not (chat.read(SECONDS) or "").endswith(text):
        pass


@pytest.mark.parametrize("options", [(), ("--plain",)])
def test_the_program_comes_back(
        game: Game, proxies: list[Proxy], tmp_path: Path, options: tuple[str, ...]) -> None:
    ada, bea = game.player(), game.player()
    texts = [secrets.token_hex(8) for _ in range(4)]
    speaker = Chat(game.edges[0], bea.call("get_login_token_chat")["data"]["token"])
    console = Console(game, ada, proxies, tmp_path, *options)
    try:
        console.wait("-- in the chat at")
        speaker.say("PUBLIC", texts[0])
        console.wait(texts[0])
        for proxy in proxies:
            proxy.cut()
        if not options:
            speaker.say("PUBLIC", texts[1])
            console.wait(texts[1])
        console.wait("-- the connection is lost")
        console.wait("-- in the chat at", 2)
        console.write(texts[2])
        console.wait(texts[2])
        read_to(speaker, texts[2])
        assert console.end() == 0
        assert [sum(text in line for line in console.shown) for text in texts] == [1, 0 if options else 1, 1, 0]
    finally:
        speaker.close()
        if console.process.poll() is None:
            console.process.kill()
            console.end()


def test_who_has_no_player_is_told_so(game: Game, proxies: list[Proxy], tmp_path: Path) -> None:
    guest = game.guest()
    guest.call("enter_world")
    console = Console(game, guest, proxies, tmp_path)
    console.wait("-- the chat has ended")
    assert console.end() == 1
