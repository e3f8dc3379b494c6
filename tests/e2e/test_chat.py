"""Chat through a running system: the ticket, and what two edges do together."""

import gzip
import re
import secrets
from contextlib import suppress
from pathlib import Path

import pytest

from apps.client.chat import Chat, ChatRefusedError
from apps.client.player import Player
from common.lines import LineTimeoutError
from tests.faults import idle
from tests.support.families import RENAME, founder, grown
from tests.support.families import join as join_family
from tests.support.game import MALFORMED, Game, at_once, name_of, new_name
from tests.support.local_system import LocalSystem
from tests.support.waiting import wait_for

CONTROLS = r'^edge_controls_total\{{kind="{}"\}} (\S+)$'


def ticket(player: Player) -> str:
    return str(player.call("get_login_token_chat")["data"]["token"])


def join(game: Game, player: Player, edge: int = 0, wishes: str = "") -> Chat:
    return Chat(game.edges[edge % len(game.edges)], ticket(player), wishes=wishes)


def hears(chat: Chat, text: str) -> str:
    """Return the line that ends with ``text``; other tests may be talking too."""
    while True:
        line = chat.read(10)
        assert line is not None
        if line.endswith(text):
            return line


def test_a_ticket_is_128_random_bits_in_decimal(game: Game) -> None:
    player = game.player()
    first, second = int(ticket(player)), int(ticket(player))
    assert first != second
    assert max(first, second) < 2**128


def test_everybody_in_the_world_hears_a_public_message(game: Game) -> None:
    ada, bea, other = game.player(), game.player(), game.player(world="s1")
    text = secrets.token_hex(8)
    with join(game, ada, 0) as speaker, join(game, bea, 1) as listener, join(game, other, 0) as outsider:
        speaker.say("PUBLIC", text)
        for chat in (speaker, listener):
            assert hears(chat, text) == f"0000PUBLIC{name_of(ada)}:{text}"
        with pytest.raises(LineTimeoutError):
            outsider.read(0.3)


def test_a_ticket_opens_one_session(game: Game) -> None:
    one = ticket(game.player())

    def enter() -> bool:
        try:
            Chat(game.edges[0], one).close()
        except (ChatRefusedError, ConnectionError):
            return False
        return True

    assert sum(at_once(6, enter)) == 1


def test_without_a_family_there_is_no_family_chat(game: Game) -> None:
    with join(game, game.player()) as chat:
        chat.say("FAMILY", "hello")
        assert chat.read(10) is None


def test_no_player_no_ticket(game: Game) -> None:
    guest = game.guest()
    guest.call("enter_world")
    assert guest.call("get_login_token_chat")["status"] == -5


def test_family_chat_follows_joins_kicks_and_new_names(game: Game) -> None:
    owner, other = founder(game, diamonds=RENAME), grown(game)
    with join(game, owner, 0) as speaker, join(game, other, 1) as listener:
        text = secrets.token_hex(8)
        join_family(owner, other)
        follow(speaker, listener, text)
        assert owner.call("change_name_family", name=new_name())["status"] == 0
        follow(speaker, listener, secrets.token_hex(8))
        late = ticket(other)
        assert owner.call("remove_user_family", gn_target=name_of(other))["status"] == 0
        with Chat(game.edges[0], late) as outsider:
            for chat in (listener, outsider):
                chat.say("FAMILY", "let me in")
                closed(chat)


def test_a_new_family_reads_nothing_that_another_one_said_under_its_name(game: Game) -> None:
    name, secret = new_name(), secrets.token_hex(8)
    owner = founder(game, name, diamonds=RENAME)
    with join(game, owner, wishes=";") as speaker:
        speaker.say("FAMILY", secret)
        hears(speaker, f'"{secret}"}}')
    assert owner.call("change_name_family", name=new_name())["status"] == 0
    heir = founder(game, name)
    with join(game, heir, wishes=";last=20") as reader, join(game, owner, wishes=";last=20") as old:
        for chat in (reader, old):
            chat.say("FAMILY", text := secrets.token_hex(8))
            while text not in (line := chat.read(10) or ""):
                assert secret not in line


def test_who_leaves_or_is_kicked_with_an_open_chat_hears_nothing_more(game: Game) -> None:
    owner, leaver, kicked, mate = founder(game), grown(game), grown(game), grown(game)
    for player in (leaver, kicked, mate):
        join_family(owner, player)
    with (join(game, owner, 0) as speaker, join(game, mate, 1) as listener, join(game, leaver, 0) as gone,
          join(game, leaver, 1, ";last=20") as gone_too, join(game, kicked, 1) as out):
        follow(speaker, listener, secrets.token_hex(8))
        before = controls_taken(game, "family")
        assert leaver.call("leave_family")["status"] == 0
        assert owner.call("remove_user_family", gn_target=name_of(kicked))["status"] == 0
        wait_for(lambda: all(now >= then + 2 for now, then in zip(controls_taken(game, "family"), before, strict=True)))
        secret = secrets.token_hex(8)
        follow(speaker, listener, secret)
        speaker.say("PUBLIC", end := secrets.token_hex(8))
        for chat in (gone, gone_too, out):
            while end not in (line := chat.read(10) or ""):
                assert secret not in line
        for chat in (gone, gone_too, out):
            chat.say("FAMILY", "let me in")
            closed(chat)


def follow(speaker: Chat, listener: Chat, text: str) -> None:
    """Let one say a text to the family until the other hears it: the edges learn of a change a moment later."""
    for attempt in range(50):
        speaker.say("FAMILY", f"{text}{attempt}")
        with suppress(LineTimeoutError):
            while (line := listener.read(0.1)) is not None:
                if f":{text}" in line:
                    return
    raise AssertionError("the family's chat was not heard")


def heard_for(chat: Chat, seconds: float) -> list[str]:
    """Return what is said until nobody has said anything for a while."""
    lines: list[str] = []
    with suppress(LineTimeoutError):
        while (line := chat.read(seconds)) is not None:
            lines.append(line)
    return lines


def closed(chat: Chat) -> None:
    """Read to the end, which comes."""
    while chat.read(10) is not None:
        pass


def controls_taken(game: Game, kind: str) -> list[float]:
    """Return for each edge how many mutes, or changes of families, it has heard of."""
    pattern = re.compile(CONTROLS.format(kind), re.MULTILINE)
    pages = [idle.page(process["ops"]) for process in game.endpoints["processes"] if process["name"].startswith("edge")]
    return [float(found[1]) if (found := pattern.search(page)) else 0.0 for page in pages]


def mute(game: Game, master: Player, name: str, seconds: int) -> None:
    """Mute a player; wait until all edges have heard it, which is a moment after the answer."""
    before = controls_taken(game, "mute")
    assert master.call("mute_chat_player", gn_target=name, seconds=seconds)["status"] == 0
    wait_for(lambda: all(now > then for now, then in zip(controls_taken(game, "mute"), before, strict=True)))


def test_a_muted_player_is_not_heard_until_the_mute_ends(game: Game) -> None:
    ada, bea = game.player(), game.player()
    with join(game, ada, 0) as speaker, join(game, bea, 1) as listener:
        mute(game, bea, name_of(ada), 600)
        speaker.say("PUBLIC", secret := secrets.token_hex(8))
        speaker.say("PUBLIC", secret)
        assert not any(secret in line for line in heard_for(listener, 0.3))
        mute(game, bea, name_of(ada), 0)
        speaker.say("PUBLIC", text := secrets.token_hex(8))
        while (line := listener.read(10)) is not None and text not in line:
            assert secret not in line
        assert bea.call("mute_chat_player", gn_target="nobody", seconds=1)["status"] == 99
        assert bea.call("mute_chat_player", gn_target=name_of(ada), seconds=-1)["status"] == MALFORMED


def test_an_announcement_is_logged_and_no_plain_client_hears_it(game: Game, local_system: LocalSystem) -> None:
    ada = game.player()
    text = f"news {secrets.token_hex(8)}"
    with join(game, ada) as chat:
        assert ada.call("announce_chat", msg=text)["status"] == 0
        chat.say("PUBLIC", end := secrets.token_hex(8))
        while (line := chat.read(10)) is not None and end not in line:
            assert text not in line
    log = local_system.data / "chat-log" / "s0"
    wait_for(lambda: any(text in line and '"system"' in line and end not in line for line in logged(log)))
    wait_for(lambda: any(end in line and name_of(ada) in line for line in logged(log)))


def logged(folder: Path) -> list[str]:
    """Return the lines of the chat log of a world."""
    try:
        texts = [gzip.decompress(file.read_bytes()).decode() for file in folder.glob("*.gz")]
        return [line for text in texts for line in text.splitlines()]
    except (EOFError, gzip.BadGzipFile):
        return []  # a piece is being written at this moment
