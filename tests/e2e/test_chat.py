"""Chat through a running system: the ticket, and what two edges do together."""

import secrets

import pytest

from apps.client.chat import Chat, ChatRefusedError
from apps.client.player import Player
from common.lines import LineTimeoutError
from tests.support.game import Game, at_once, name_of


def ticket(player: Player) -> str:
    return str(player.call("get_login_token_chat")["data"]["token"])


def join(game: Game, player: Player, edge: int = 0) -> Chat:
    return Chat(game.edges[edge % len(game.edges)], ticket(player))


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
