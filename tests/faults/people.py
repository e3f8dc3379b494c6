"""Who takes part: players who act, players who get mail, players who talk."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gevent.lock import BoundedSemaphore
from gevent.pool import Pool

from apps.client.gate import Address, Gate
from apps.client.player import Player
from apps.client.state import State
from tests.faults.boxes import BoxLog
from tests.faults.journal import Journal
from tests.support.game import balances, mails, new_name

COIN, IRON, DIAMOND = 1, 2, 5
GIFT_ITEM = IRON
RENAME_DIAMONDS = 100
FORTUNE = 10_000_000
HOME, ELSEWHERE = "s0", "s1"
AT_ONCE = 16


@dataclass
class Person:
    """A player. Only receivers get mail, and they never change their names."""

    name: str
    state: State
    journal: Journal
    box: BoxLog = field(default_factory=BoxLog)
    reading: BoundedSemaphore = field(default_factory=BoundedSemaphore)
    """Held by the one who empties the mailbox."""
    family: str = ""
    """Those who talk have one, see ``talk_families.py``."""

    @property
    def world(self) -> str:
        return self.state.world


@dataclass(frozen=True)
class Cast:
    """Everybody."""

    actors: Sequence[Person]
    receivers: Sequence[Person]
    talkers: Sequence[Person]

    @property
    def players(self) -> list[Person]:
        """All whose balances change."""
        return [*self.actors, *self.receivers]


def recruit(gates: Sequence[Address], actors: int, talkers: int) -> Cast:
    """Create everybody, each fourth one in another world."""
    pool = Pool(AT_ONCE)
    wanted = [world_of(number) for count in (actors, actors, talkers) for number in range(count)]
    people = pool.map(lambda world: enter(gates, world), wanted)
    return Cast(people[:actors], people[actors:2 * actors], people[2 * actors:])


def world_of(number: int) -> str:
    """Return the world of the person with this number."""
    return ELSEWHERE if number % 4 == 3 else HOME


def enter(gates: Sequence[Address], world: str) -> Person:
    """Create one player with a fortune and an empty mailbox."""
    name = new_name()
    player = Player(Gate(list(gates)), State(world))
    expect(player, 1, "login_unique", unique_id=secrets.token_hex(16))
    expect(player, 98, "enter_world")
    expect(player, 0, "create_player", gn=name)
    expect(player, 0, "add_resources", items=[f"3:{item}:{FORTUNE}" for item in (COIN, IRON, DIAMOND)])
    gifts = [mail["key"] for mail in mails(player)]
    expect(player, 0, "accept_gifts", gift=gifts, other=[])
    for key in gifts:
        expect(player, 0, "delete_mail", key=key)
    held = balances(player)
    return Person(name, player.state, Journal({item: held[item] for item in (COIN, IRON, DIAMOND)}))


def expect(player: Player, status: int, function: str, **data: Any) -> None:
    """Call a function that has to answer with this status."""
    answer = player.call(function, **data)
    if answer["status"] != status:
        raise AssertionError(f"{function} answered {answer}")
