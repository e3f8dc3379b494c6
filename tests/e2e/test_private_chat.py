"""Private messages and new names through a running system, whose workers are frozen and killed meanwhile."""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import orjson
import pytest

from apps.client.chat import Chat
from apps.client.player import Player
from common.lines import LineTimeoutError
from tests.support.game import Game, give, name_of, new_name, settle
from tests.support.local_system import LocalSystem

WORKERS = ("worker-0", "worker-1")
PRICE = "3:5:100"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    system = LocalSystem(tmp_path_factory.mktemp("private") / "run", "--workers=2", "--edges=2",
                         "--restart-delay=0.1", "--restart-delay-max=0.1")
    try:
        yield system.start()
    finally:
        system.clean_up()


@pytest.fixture
def game(own: LocalSystem) -> Game:
    return Game(own.endpoints)


def ticket(player: Player) -> str:
    return str(player.call("get_login_token_chat")["data"]["token"])


def join(game: Game, player: Player, edge: int = 0, wishes: str = "", old_ticket: str = "") -> Chat:
    return Chat(game.edges[edge], old_ticket or ticket(player), wishes=";" + wishes)


def rename(player: Player, name: str) -> None:
    give(player, PRICE)
    assert player.call("change_player_name", gn=name)["status"] == 0


def hears(chat: Chat, text: str) -> dict[str, object]:
    """Return the message or notice with ``text`` in it; others may come before."""
    while True:
        line = chat.read(10)
        assert line is not None
        if text in line:
            found: dict[str, object] = orjson.loads(line[10:])
            return found


def whisper(chat: Chat, to: str, text: str = "") -> str:
    text = text or secrets.token_hex(8)
    chat.say("PRIVATE", f"{to}:{text}")
    return text


def delivered(speaker: Chat, to: str, listener: Chat, never: str = "\0") -> None:
    """Say something to a name until the listener hears it: edges learn of a new name a moment later.

    What the listener hears has not ``never`` in it.
    """
    word = secrets.token_hex(8)
    for _ in range(60):
        whisper(speaker, to, word)
        with suppress(LineTimeoutError):
            while (line := listener.read(0.3)) is not None:
                assert never not in line
                if word in line:
                    return
    raise AssertionError(f"{to} was never reached")


@contextmanager
def frozen(system: LocalSystem, *names: str) -> Iterator[None]:
    pids = [system.pid_of(name) for name in names]
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_renamed_player_goes_by_the_new_name_and_the_heir_of_the_old_one_reads_nothing(game: Game) -> None:
    ada, bea, heir = game.player(), game.player(), game.guest()
    old, new = name_of(ada), new_name()
    with ExitStack() as stack:
        to_ada, again, to_bea = (stack.enter_context(join(game, *who)) for who in ((ada, 0), (ada, 1), (bea, 1)))
        secret = whisper(to_bea, old.upper())
        for chat in (to_ada, again):
            assert hears(chat, secret)["from"] == name_of(bea)
        old_ticket = ticket(ada)
        rename(ada, new)
        with join(game, ada, 1, "last=20", old_ticket) as late:
            assert hears(late, secret)["channel"] == "private"
            for chat in (to_ada, again, late):
                chat.say("PUBLIC", text := secrets.token_hex(8))
                assert hears(to_bea, text)["from"] == new
        settle(heir, old)
        to_heir = stack.enter_context(join(game, heir, 0, "last=20"))
        delivered(to_bea, old, to_heir, never=secret)
        delivered(to_bea, new.swapcase(), to_ada)


def test_a_name_that_nobody_has(game: Game) -> None:
    with join(game, game.player()) as chat:
        whisper(chat, "nobody_of_this_name")
        assert hears(chat, "nobody_of_this_name") == {"reason": "unknown", "to": "nobody_of_this_name"}


def test_frozen_workers_hold_up_nobody_else_and_the_speaker_not_for_long(game: Game, own: LocalSystem) -> None:
    ada, bea = game.player(), game.player()
    with join(game, ada) as speaker, join(game, bea) as other:
        name = name_of(bea)
        with frozen(own, *WORKERS):
            begun = time.monotonic()
            whisper(speaker, name)
            other.say("PUBLIC", text := secrets.token_hex(8))
            assert hears(other, text)["text"] == text
            assert time.monotonic() - begun < 0.9, "two tries of half a second"
            assert hears(speaker, "unavailable") == {"reason": "unavailable", "to": name}
            assert time.monotonic() - begun < 5
        delivered(speaker, name, other)


def test_one_frozen_worker_of_two_leaves_names_to_be_found(game: Game, own: LocalSystem) -> None:
    ada, bea = game.player(), game.player()
    with join(game, ada) as speaker, join(game, bea) as other:
        name = name_of(bea)
        with frozen(own, WORKERS[0]):
            delivered(speaker, name, other)


def test_killed_workers_are_unavailable_until_they_are_back(game: Game, own: LocalSystem) -> None:
    ada, bea = game.player(), game.player()
    with join(game, ada) as speaker, join(game, bea) as other:
        name = name_of(bea)
        pids = [own.pid_of(worker) for worker in WORKERS]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        whisper(speaker, name)
        assert hears(speaker, "unavailable") == {"reason": "unavailable", "to": name}
        delivered(speaker, name, other)
