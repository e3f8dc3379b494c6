"""What operators do in the chat: mutes that follow players and families, their list, and announcements."""

import secrets
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest

from apps.client.chat import Chat
from apps.client.player import Player
from apps.local.processes import ROOT
from common.lines import LineTimeoutError
from tests.support.database_rows import execute, uid_of
from tests.support.families import RENAME, family_name, founder
from tests.support.game import Game, name_of, new_name
from tests.support.local_system import LocalSystem
from tests.support.waiting import wait_for

NOTICES = ";system=1"
MUTED = '"muted"'
SECONDS = 20.0
PAUSE = 0.5
"""Between two messages, so that they are not too many."""

Order = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def order(local_system: LocalSystem) -> Order:
    """Runs a command to its end."""
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, "-m", "apps.worker.chat",
                               f"--endpoints={local_system.data / 'endpoints.json'}", *arguments],
                              cwd=ROOT, text=True, capture_output=True, timeout=60, check=False)
    return run


def done(result: "subprocess.CompletedProcess[str]") -> str:
    assert result.returncode == 0, result.stderr
    return result.stdout


def join(game: Game, player: Player, edge: int = 0, wishes: str = "") -> Chat:
    ticket = str(player.call("get_login_token_chat")["data"]["token"])
    return Chat(game.edges[edge % len(game.edges)], ticket, wishes=wishes)


def is_heard(speaker: Chat, listener: Chat, channel: str = "PUBLIC") -> bool:
    """Whether both hear what one says: if not, the edge tells so, because the one has asked for notices."""
    speaker.say(channel, text := secrets.token_hex(8))
    if MUTED in reads(speaker, text, MUTED):
        return False
    return bool(reads(listener, text))


def reads(chat: Chat, *wanted: str) -> str:
    """Return the next line that has one of these in it."""
    while (line := chat.read(SECONDS)) is not None:
        if any(text in line for text in wanted):
            return line
    raise AssertionError("the edge has ended the connection")


def test_a_player_is_muted_by_name_and_unmuted_by_uid(game: Game, order: Order) -> None:
    ada, bea = game.player(), game.player()
    uid = uid_of(game, ada)
    with join(game, ada, 0, NOTICES) as speaker, join(game, bea, 1) as listener:
        assert is_heard(speaker, listener)
        out = done(order("mute", "--world=s0", f"--player={name_of(ada).swapcase()}", "--for=2h", "--who=GM Ann"))
        assert out.startswith("muted until 20")
        wait_for(lambda: not is_heard(speaker, listener), pause=PAUSE)
        row = next(line for line in done(order("list", "--world=s0")).splitlines() if uid in line)
        assert row.split()[:4] == ["player", name_of(ada), uid, "s0"]
        assert row.endswith("GM Ann")
        assert uid not in done(order("list", "--world=s1"))
        done(order("unmute", "--world=s0", f"--uid={uid}", "--who=GM Ann"))
        wait_for(lambda: is_heard(speaker, listener), pause=PAUSE)
        assert uid not in done(order("list"))


def test_a_muted_family_stays_muted_under_a_new_name_and_the_old_name_is_free(game: Game, order: Order) -> None:
    owner, old = founder(game, diamonds=RENAME), ""
    with join(game, owner, 0, NOTICES) as speaker, join(game, owner, 1) as listener:
        old = family_name(owner)
        done(order("mute", "--world=s0", f"--family={old}", "--for=1d", "--who=GM"))
        wait_for(lambda: not is_heard(speaker, listener, "FAMILY"), pause=PAUSE)
        assert is_heard(speaker, listener, "PUBLIC")
        assert owner.call("change_name_family", name=new_name())["status"] == 0
        assert not is_heard(speaker, listener, "FAMILY")
        heir = founder(game, old)
        with join(game, heir, 0, NOTICES) as one, join(game, heir, 1) as two:
            wait_for(lambda: is_heard(one, two, "FAMILY"), pause=PAUSE)
        assert family_name(owner) in done(order("list"))
        done(order("unmute", "--world=s0", f"--family={family_name(owner)}", "--who=GM"))
        wait_for(lambda: is_heard(speaker, listener, "FAMILY"), pause=PAUSE)


def test_the_public_chat_of_a_world_is_muted(game: Game, order: Order) -> None:
    world = "s7"
    ada = game.player(world=world)
    with join(game, ada, 0, NOTICES) as speaker, join(game, ada, 1) as listener:
        done(order("mute", f"--world={world}", "--public", "--for=10m", "--who=GM"))
        wait_for(lambda: not is_heard(speaker, listener), pause=PAUSE)
        assert "public" in done(order("list", f"--world={world}"))
        done(order("unmute", f"--world={world}", "--public", "--who=GM"))
        wait_for(lambda: is_heard(speaker, listener), pause=PAUSE)


def test_an_announcement_reaches_those_who_asked_once(game: Game, order: Order) -> None:
    text = f"news {secrets.token_hex(8)}"
    with join(game, game.player(), wishes=NOTICES) as chat:
        assert done(order("announce", "--world=s0", f"--text={text}")).startswith("announced")
        while (line := chat.read(SECONDS)) is not None and text not in line:
            pass
        assert line is not None
        with suppress(LineTimeoutError):
            while (line := chat.read(0.3)) is not None:
                assert text not in line


@pytest.mark.parametrize(("arguments", "error"), [
    (("mute", "--world=s0", "--player=nobody_here", "--for=1h", "--who=GM"), "there is no player 'nobody_here' in s0"),
    (("mute", "--world=s0", "--uid=p0", "--for=1h", "--who=GM"), "there is no player 'p0' in s0"),
    (("unmute", "--world=s0", "--family=no_such", "--who=GM"), "there is no family 'no_such' in s0"),
    (("mute", "--world=nowhere", "--public", "--for=1h", "--who=GM"), "there is no world 'nowhere'"),
    (("mute", "--world=s0", "--public", "--for=367d", "--who=GM"), "a mute lasts for at most 366 days"),
    (("mute", "--world=s0", "--public", "--for=999999999d", "--who=GM"), "a mute lasts for at most 366 days"),
    (("mute", "--world=s0", "--public", "--for=2d", "--who=GM", "--mute-days=1"), "at most 1 days"),
    (("mute", "--world=s0", "--public", "--for=1h", "--who= "), "--who is empty"),
    (("announce", "--world=s0", "--text="), "the text is empty"),
    (("announce", "--world=s0", "--text=two\nlines"), "is not one line of at most 500 characters"),
    (("announce", "--world=s0", f"--text={'x' * 501}"), "is not one line of at most 500 characters"),
])
def test_what_is_refused_changes_nothing(game: Game, order: Order, arguments: tuple[str, ...], error: str) -> None:
    result = order(*arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("refused: ")
    assert error in result.stderr
    assert not execute(game, "SELECT id FROM chat_mute WHERE id IN ('p0', 's0')")


@pytest.mark.parametrize("arguments", [
    ("mute", "--world=s0", "--public", "--who=GM"), ("mute", "--world=s0", "--for=1h", "--who=GM"),
    ("mute", "--world=s0", "--public", "--player=x", "--for=1h", "--who=GM"), ("mute", "--public", "--for=1h"),
    *(("mute", "--world=s0", "--public", f"--for={text}", "--who=GM") for text in ("0h", "-1h", "1", "h", "1w", "")),
])
def test_a_wrong_call_is_told(order: Order, arguments: tuple[str, ...]) -> None:
    result = order(*arguments)
    assert result.returncode == 2
    assert "usage" in result.stderr
