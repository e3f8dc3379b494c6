"""The load: closed loops, each doing one thing after the other until the load ends."""

import itertools
import random
import secrets
from collections.abc import Callable, Sequence
from traceback import extract_stack
from typing import Any

import gevent
from gevent.event import Event

from apps.client.gate import Address
from tests.faults import postbox
from tests.faults.caller import Caller, attempt
from tests.faults.people import COIN, DIAMOND, GIFT_ITEM, RENAME_DIAMONDS, Cast, Person
from tests.faults.tally import Tally

MARKS = itertools.count(1)
"""Quantities of gifts, each used once in a run."""
THINK_SECONDS = 0.04
END_SECONDS = 40.0


class Load:
    """Loops over the actors of a cast; every action is noted in the journals and boxes."""

    def __init__(self, cast: Cast, gates: Sequence[Address], tally: Tally, seed: int) -> None:
        self._cast = cast
        self._gates = list(gates)
        self._tally = tally
        self._random = random.Random(seed)
        self._ending = Event()
        self._loops: list[gevent.Greenlet[..., Any]] = []
        self._actions: list[tuple[Callable[[Caller, Person], None], int]] = [
            (self._look, 35), (self._earn, 22), (self._earn_twice, 3), (self._rename, 5), (self._write, 15),
            (self._give, 8), (self._empty, 12)]

    def start(self, loops: int = 1, think: float = THINK_SECONDS) -> None:
        """Let ``loops`` more loops act for each actor, with a pause of about ``think`` seconds between two actions."""
        for number, actor in enumerate(self._cast.actors):
            for loop in range(loops):
                caller = Caller(self._order(number + loop), self._tally)
                self._loops.append(gevent.spawn(self._act, caller, actor, think))

    def stop(self) -> None:
        """Let each loop finish what it does. Raises what a loop raised."""
        self._ending.set()
        self._tally.end()
        gevent.joinall(self._loops, timeout=END_SECONDS, raise_error=True)
        stuck = [loop for loop in self._loops if not loop.dead]
        if stuck:
            where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(extract_stack(stuck[0].gr_frame)))
            gevent.killall(stuck)
            raise AssertionError(f"{len(stuck)} clients did not end within {END_SECONDS:g} s: {where}")

    def _order(self, number: int) -> list[Address]:
        first = number % len(self._gates)
        return self._gates[first:] + self._gates[:first]

    def _act(self, caller: Caller, actor: Person, think: float) -> None:
        actions, weights = zip(*self._actions, strict=True)
        while not self._ending.is_set():
            self._random.choices(actions, weights)[0](caller, actor)
            # Not a wait for the end: with many waiters, gevent can lose one that comes just after set().
            gevent.sleep(self._random.uniform(0.5, 1.5) * think)

    def _look(self, caller: Caller, actor: Person) -> None:
        """Read the balances: no less than was acknowledged before, no more than was tried by now."""
        least = actor.journal.bounds(COIN)[0]
        data = caller.read(actor, "read", "get_all_resource")
        if data is None:
            return
        most = actor.journal.bounds(COIN)[1]
        held = next(item["value"] for item in data["items"] if item["iid"] == COIN)
        if not least <= held <= most:
            self._tally.wrong_answer(f"read {held} coins, {least} to {most} expected")

    def _earn(self, caller: Caller, actor: Person) -> None:
        amount = self._random.randint(1, 1000)
        earned = attempt("add_resources", {COIN: amount}, items=[f"3:{COIN}:{amount}"])
        caller.write(actor, "write", actor.journal.begin(earned))

    def _earn_twice(self, caller: Caller, actor: Person) -> None:
        """The same request comes twice at the same time, through two gates."""
        amount = self._random.randint(1, 1000)
        earned = actor.journal.begin(attempt("add_resources", {COIN: amount}, items=[f"3:{COIN}:{amount}"]))
        other = Caller(self._gates[::self._random.choice((1, -1))], self._tally)
        gevent.joinall([gevent.spawn(one.write, actor, "write", earned) for one in (caller, other)], raise_error=True)

    def _rename(self, caller: Caller, actor: Person) -> None:
        renamed = attempt("change_player_name", {DIAMOND: -RENAME_DIAMONDS}, gn=f"F_{secrets.token_hex(8)}")
        caller.write(actor, "write", actor.journal.begin(renamed))

    def _write(self, caller: Caller, actor: Person) -> None:
        receiver, text = self._receiver(actor), f"letter {secrets.token_hex(8)}"
        if receiver.box.has_room:
            receiver.box.send(text)
            letter = attempt("send_text_mail", {}, gn_target=receiver.name, msg=text)
            caller.write(actor, "mail", actor.journal.begin(letter))

    def _give(self, caller: Caller, actor: Person) -> None:
        receiver = self._receiver(actor)
        if receiver.box.has_room:
            quantity = next(MARKS)
            receiver.box.send(str(quantity))
            gift = attempt("send_gift_mail", {}, gn_target=receiver.name, group_id=3, item_id=GIFT_ITEM,
                           quantity=quantity)
            caller.write(actor, "mail", actor.journal.begin(gift))

    def _empty(self, caller: Caller, actor: Person) -> None:
        del actor  # whose loop it is does not matter
        owner = self._random.choice(self._cast.receivers)
        if not owner.reading.locked():
            postbox.empty(caller, owner)

    def _receiver(self, actor: Person) -> Person:
        return self._random.choice([person for person in self._cast.receivers if person.world == actor.world])
