"""Players for tests, who speak the clients' protocol with a running system."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import gevent

from apps.client.gate import Address, Gate
from apps.client.player import Player

T = TypeVar("T")
WORLD = "s0"
SUCCESS, PROGRAMMING_ERROR, MALFORMED = 0, -1, -4


class Game:
    """A running system, as clients see it."""

    def __init__(self, endpoints: Mapping[str, Any]) -> None:
        self.endpoints = endpoints
        self.gate = Gate([Address.parse(text) for text in endpoints["gates"]])
        self.edges = [Address.parse(text) for text in endpoints["edges"]]

    def guest(self, world: str = WORLD) -> Player:
        """Return somebody with an account, without a player."""
        player = Player(self.gate)
        player.state.world = world
        assert player.call("login_unique", unique_id=secrets.token_hex(16))["status"] == 1
        return player

    def registered(self, name: str = "", password: str = "secret1", world: str = WORLD) -> Player:
        """Return somebody with a name and a password, without a player."""
        player = Player(self.gate)
        player.state.world = world
        answer = player.call("register", unique_id="", account=name or new_account_name(), password=password)
        assert answer["status"] == 1, answer
        return player

    def player(self, name: str = "", world: str = WORLD) -> Player:
        """Return somebody with a player in a world."""
        return settle(self.guest(world), name)


def settle(player: Player, name: str = "") -> Player:
    """Enter the world and create a player there."""
    assert player.call("enter_world")["status"] == 98
    assert player.call("create_player", gn=name or new_name())["status"] == SUCCESS
    return player


def new_name() -> str:
    """Return a game name that nobody has."""
    return f"T_{secrets.token_hex(8)}"


def new_account_name() -> str:
    """Return an account name that nobody has."""
    return f"t_{secrets.token_hex(8)}"


def name_of(player: Player) -> str:
    """Return the game name of a player."""
    return str(player.call("get_info_player")["data"]["gn"])


def balances(player: Player) -> dict[int, int]:
    """Return what a player has of each item."""
    return {row["iid"]: row["value"] for row in player.call("get_all_resource")["data"]["items"]}


def mails(player: Player) -> list[dict[str, Any]]:
    """Return all mails of a player."""
    return list(player.call("get_all_mail")["data"]["mail"])


def code_for(game: Game, address: str) -> str:
    """Return the last code that was sent to an address, from the file of the local system's sender."""
    lines = Path(game.endpoints["codes"]).read_text().splitlines()
    return [line.split()[3] for line in lines if line.split()[2] == address][-1]


def give(player: Player, *items: str) -> None:
    """Give things to a player."""
    assert player.call("add_resources", items=list(items))["status"] == SUCCESS


def at_once(count: int, work: Callable[[], T]) -> list[T]:
    """Run the same thing in many greenlets at the same time; return all results."""
    greenlets = [gevent.spawn(work) for _ in range(count)]
    gevent.joinall(greenlets, raise_error=True)
    return [greenlet.get() for greenlet in greenlets]


def statuses(answers: list[Any]) -> list[int]:
    """Return the statuses of answers in order of their size."""
    return sorted(answer["status"] for answer in answers)
