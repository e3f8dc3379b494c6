"""Gifts that several connections claim at the same time: granted once, whoever asks how often and whoever dies."""

import secrets
import signal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

import gevent
from gevent.event import Event

from tests.faults.load import MARKS
from tests.faults.people import GIFT_ITEM
from tests.faults.social_people import SUCCESS, Guest, Party, at_once, marks
from tests.faults.strikes import Field
from tests.support.waiting import wait_for

GIFT_MAIL = "1"
OWNERS = 4
LEAST_ROUNDS = 3
RACES = ("a", "a", "b", "b", "c", "d")
"""The claims of one gift, all at the same time: those of one letter have the same request id."""
HELD_OWNERS = 9
HELD_SECONDS = 6.0
"""Less than a worker waits for a lock."""


@dataclass
class Purse:
    """One owner of gifts, and what has to be in the ledger in the end."""

    guest: Guest
    before: int
    gifts: list[int]

    @classmethod
    def of(cls, guest: Guest) -> "Purse":
        return cls(guest, guest.balance(GIFT_ITEM), [])

    def problems(self, party: Party) -> list[str]:
        """Compare the balance and the ledger with the gifts."""
        name, held, found = self.guest.name, self.guest.balance(GIFT_ITEM), []
        if held != self.before + sum(self.gifts):
            found.append(f"{name} holds {held}, had {self.before} and was given {sum(self.gifts)}")
        lines = party.rows("SELECT amount FROM ledger WHERE uid = %s AND iid = %s AND reason = 'accept_gifts' "
                           "AND amount IN (" + marks(self.gifts) + ")", self.guest.uid, GIFT_ITEM, *self.gifts)
        if (granted := Counter(amount for (amount,) in lines)) != Counter(self.gifts):
            found.append(f"{name}: the ledger grants {dict(granted)}, given were {self.gifts}")
        return found


def claim_race(field: Field) -> None:
    """Gifts are claimed on six connections through all gates at once, one gift after the other."""
    party = Party(field)
    giver, *owners = party.invite(OWNERS + 1)
    purses = [Purse.of(owner) for owner in owners]
    end, rounds = monotonic() + field.seconds, 0
    while monotonic() < end or rounds < LEAST_ROUNDS:
        at_once([partial(race, party, giver, purse) for purse in purses])
        rounds += 1
    settle(party, purses)
    field.notes.append(f"{rounds * OWNERS} gifts claimed {len(RACES)} times each")


def killed_claims(field: Field) -> None:
    """Each worker is killed while claims stand between taking the claim and granting the gift."""
    party, processes = Party(field), field.stage.processes
    giver, *owners = party.invite(HELD_OWNERS + OWNERS)
    purses = [Purse.of(owner) for owner in owners]
    racing = Event()
    races = gevent.spawn(race_on, party, giver, purses[HELD_OWNERS:], racing)
    stood = 0
    try:
        for name in processes.names("worker"):
            stood += kill_between(party, giver, purses[:HELD_OWNERS], name)
    finally:
        racing.set()
        races.get(timeout=HELD_SECONDS * 10)
    settle(party, purses)
    field.notes.append(f"{stood} claims stood between claim and grant when workers were killed")


def race_on(party: Party, giver: Guest, purses: Sequence[Purse], ending: Event) -> None:
    """Let gifts be claimed all the time."""
    while not ending.is_set():
        at_once([partial(race, party, giver, purse) for purse in purses])


def race(party: Party, giver: Guest, purse: Purse) -> None:
    """Give one gift and claim it on many connections at once: one of them gets it."""
    key, quantity = give(giver, purse)
    ids = {letter: secrets.token_hex(16) for letter in RACES}
    answers = at_once([partial(claim, purse.guest, [key], ids[letter], number)
                       for number, letter in enumerate(RACES)])
    for letter in sorted(set(RACES)):
        same = [answer for answer, other in zip(answers, RACES, strict=True) if other == letter]
        party.check(all(answer == same[0] for answer in same), f"one request id got different answers: {same}")
    by_request = dict(zip(RACES, answers, strict=True))
    grants = [granted(answer, key) for answer in by_request.values()]
    party.check(sorted(grants) == [0] * (len(grants) - 1) + [quantity], f"a gift of {quantity} granted {grants}")
    purse.guest.done("delete_mail", key=key)


def give(giver: Guest, purse: Purse) -> tuple[str, int]:
    """Send a gift; return the key of its mail when it is in the mailbox, and its quantity, which is unique."""
    quantity = next(MARKS)
    purse.gifts.append(quantity)
    giver.done("send_gift_mail", gn_target=purse.guest.name, group_id=3, item_id=GIFT_ITEM, quantity=quantity)
    fits = f":{quantity}"
    return purse.guest.wait_for_mail(GIFT_MAIL, lambda mail: mail["items"].endswith(fits)), quantity


def claim(owner: Guest, keys: Sequence[str], request_id: str, first: int) -> dict[str, Any]:
    """Claim the gifts of mails; return the answer."""
    return owner.call("accept_gifts", request_id=request_id, first=first, gift=list(keys), other=[])


def granted(answer: Mapping[str, Any], key: str) -> int:
    """Return how much an answer grants for a gift; -1 for an answer that is not good."""
    if answer["status"] != SUCCESS:
        return -1
    return sum(thing["reward"] for thing in answer["data"]["success"].get(key, ()))


def kill_between(party: Party, giver: Guest, purses: Sequence[Purse], worker: str) -> int:
    """Kill a worker while it holds claims that are taken and not granted; return how many claims stood there.

    The owners' items are locked meanwhile, so that a claim gets that far and no further.
    """
    gifts = at_once([partial(give, giver, purse) for purse in purses])
    keys = [key for key, _ in gifts]
    processes = party.field.stage.processes
    with held_items(party, [purse.guest.uid for purse in purses]):
        claims = [gevent.spawn(claim, purse.guest, [key], secrets.token_hex(16), number)
                  for number, (purse, key) in enumerate(zip(purses, keys, strict=True))]
        wait_for(lambda: len(taken(party, keys)) == len(keys), HELD_SECONDS / 2, "claims that wait for the items")
        pid = processes.send(worker, signal.SIGKILL)
        stood = len(taken(party, keys))
    gevent.joinall(claims, raise_error=True)
    for one, key, (_, quantity) in zip(claims, keys, gifts, strict=True):
        amount = granted(one.get(), key)
        party.check(amount == quantity, f"a gift of {quantity} granted {amount} after {worker} was killed")
    at_once([partial(purse.guest.done, "delete_mail", key=key) for purse, key in zip(purses, keys, strict=True)])
    processes.wait_back(worker, pid)
    processes.wait_ready()
    return stood


@contextmanager
def held_items(party: Party, uids: Sequence[str]) -> Iterator[None]:
    """Lock the items of players, as a transaction that does not end."""
    with closing(party.connect(autocommit=False)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT value FROM item WHERE iid = %s AND uid IN ({marks(uids)}) FOR UPDATE",
                       (GIFT_ITEM, *uids))
        yield
        connection.rollback()


def taken(party: Party, keys: Sequence[str]) -> set[str]:
    """Return the claims that nobody else can take: a transaction that has not ended holds them, or they are gone."""
    free = party.rows(f"SELECT mail FROM claim WHERE mail IN ({marks(keys)}) FOR UPDATE SKIP LOCKED", *keys)
    return set(keys) - {mail for (mail,) in free}


def settle(party: Party, purses: Sequence[Purse]) -> None:
    """Everything that was given is in the ledger once, and no claim is left."""
    party.problems += [problem for found in at_once([partial(purse.problems, party) for purse in purses])
                       for problem in found]
    uids = [purse.guest.uid for purse in purses]
    left = party.rows(f"SELECT mail FROM claim WHERE uid IN ({marks(uids)})", *uids)
    party.check(not left, f"{len(left)} claims are left of gifts that were granted")
