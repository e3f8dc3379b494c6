"""The families of the talkers: two in each, so that a message that goes astray would be heard by others."""

from collections.abc import Sequence
from functools import partial

import gevent

from apps.client.gate import Address, Gate
from apps.client.player import Player
from tests.faults.people import Person, expect
from tests.support.game import mails, new_name

MEMBERS = 2
GROWN_EXP = 20_000
REQUEST_MAIL = "3"


def settle(gates: Sequence[Address], talkers: Sequence[Person]) -> None:
    """Found a family for every two talkers of a world; who is left over has one alone."""
    groups = [people[first:first + MEMBERS] for world in sorted({one.world for one in talkers})
              for people in [[one for one in talkers if one.world == world]]
              for first in range(0, len(people), MEMBERS)]
    gevent.joinall([gevent.spawn(partial(found, gates, group)) for group in groups], raise_error=True)


def found(gates: Sequence[Address], people: Sequence[Person]) -> None:
    """Found a family whose owner is the first of these people, and let the others join."""
    name = new_name()
    owner, *others = [Player(Gate(list(gates)), person.state) for person in people]
    for player in (owner, *others):
        expect(player, 0, "add_exp", exp=GROWN_EXP)
    expect(owner, 0, "create_family", name=name, icon=1)
    for player in others:
        expect(player, 0, "request_join_family", name=name)
        key = [mail["key"] for mail in mails(owner) if mail["type"] == REQUEST_MAIL][-1]
        expect(owner, 0, "respond_family", key=key)
    for person in people:
        person.family = name
