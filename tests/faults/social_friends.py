"""Friend requests that cross: asked by both, agreed to twice, taken back, refused and ended at the same moment."""

import itertools
import secrets
from collections.abc import Callable, Sequence
from functools import partial

from tests.faults.social_people import SUCCESS, Guest, Party, at_once
from tests.faults.strikes import Field

REQUEST_MAIL = "2"
GUESTS = 6
"""Each meets each of the others once and asks five at most; six a day are allowed."""
ASKED_ALREADY = 95
NO_REQUEST, TAKEN_BACK = 99, 98
Pair = tuple[Guest, Guest]
Crossing = Callable[[Party, Guest, Guest, str], None]
"""Gets who asked, who was asked, and the key of the request's mail."""


def crossing_friends(field: Field) -> None:
    """Every pair of players goes through one of three crossings."""
    party = Party(field)
    guests = party.invite(GUESTS)
    crossings = itertools.cycle((agree_only, agree_and_take_back, agree_and_refuse))
    for meeting in rounds(guests):
        at_once([partial(cross, party, pair, next(crossings)) for pair in meeting])
    field.notes.append(f"{GUESTS * (GUESTS - 1) // 2} pairs crossed")


def rounds(guests: Sequence[Guest]) -> list[list[Pair]]:
    """Return all pairs in rounds in which each player is in one pair (there is an even number of players)."""
    first, *others = guests
    result = []
    for _ in others:
        circle = [first, *others]
        half = len(circle) // 2
        result.append(list(zip(circle[:half], reversed(circle[half:]), strict=True)))
        others = [*others[1:], others[0]]
    return result


def cross(party: Party, pair: Pair, crossing: Crossing) -> None:
    """Let both ask at once, play the crossing, and let both part at once."""
    asker, asked = ask_both(party, pair)
    crossing(party, asker, asked, asked.wait_for_mail(REQUEST_MAIL, lambda mail: mail["from"] == asker.name))
    same_on_both_sides(party, pair)
    at_once([partial(one.done, "remove_friend", gn_target=other.name) for one, other in (pair, pair[::-1])])
    party.check(not relations(party, pair), f"{asker.name} and {asked.name} parted, but something is left")


def ask_both(party: Party, pair: Pair) -> Pair:
    """Let each ask the other, twice under one id; return who asked and who was asked. One of them can have asked."""
    ids = [secrets.token_hex(16) for _ in pair]
    answers = at_once([partial(one.call, "request_friend", request_id=ids[number % 2], first=number // 2,
                               gn_target=other.name)
                       for number, (one, other) in enumerate((pair, pair[::-1]) * 2)])
    party.check(answers[:2] == answers[2:], f"one request id got different answers: {answers}")
    statuses = [answer["status"] for answer in answers[:2]]
    party.check(sorted(statuses) == [SUCCESS, ASKED_ALREADY], f"both asked at once and got {statuses}")
    found = relations(party, pair)
    party.check(len(found) == 1, f"both asked at once, which made {len(found)} requests")
    return pair if statuses[0] == SUCCESS else pair[::-1]


def agree(asked: Guest, key: str) -> list[int]:
    """Agree twice at once, through two gates; return the statuses in their order."""
    return sorted(answer["status"] for answer in
                  at_once([partial(asked.call, "respond_friend", first=first, key=key) for first in range(2)]))


def agree_only(party: Party, asker: Guest, asked: Guest, key: str) -> None:
    """Two answers to one request: one of them makes friends."""
    statuses = agree(asked, key)
    party.check(statuses == [SUCCESS, NO_REQUEST], f"agreed twice at once and got {statuses}")
    party.check(len(relations(party, (asker, asked))) == len((asker, asked)), "who agreed is no friend")


def agree_and_take_back(party: Party, asker: Guest, asked: Guest, key: str) -> None:
    """Whichever comes first, the request or the friendship is taken back."""
    statuses, _ = at_once([partial(agree, asked, key), partial(asker.done, "remove_friend", gn_target=asked.name)])
    party.check(statuses.count(SUCCESS) <= 1 and set(statuses) <= {SUCCESS, TAKEN_BACK, NO_REQUEST},
                f"a request that was taken back was agreed to with {statuses}")
    left = relations(party, (asker, asked))
    party.check(not left, f"taken back, but there is {left}")


def agree_and_refuse(party: Party, asker: Guest, asked: Guest, key: str) -> None:
    """One player agrees and refuses: friends, or a request that binds who asked alone."""
    statuses, _ = at_once([partial(agree, asked, key), partial(asked.done, "delete_mail", key=key)])
    agreed = SUCCESS in statuses
    party.check(statuses in ([SUCCESS, NO_REQUEST], [NO_REQUEST, NO_REQUEST]), f"agreed and refused: {statuses}")
    found = {uid: since for uid, _, since in relations(party, (asker, asked))}
    right = {asker.uid, asked.uid} == set(found) and None not in found.values() if agreed else found == {
        asker.uid: None}
    party.check(right, f"agreed with {statuses} and refused, which left {found}")


def relations(party: Party, pair: Pair) -> list[tuple[str, str, object]]:
    """Return what the database has between two players: (uid, uid of the other, since)."""
    ada, bea = (guest.uid for guest in pair)
    rows = party.rows("SELECT uid, fid, since FROM friend WHERE (uid = %s AND fid = %s) OR (uid = %s AND fid = %s)",
                      ada, bea, bea, ada)
    return [(uid, fid, since) for uid, fid, since in rows]


def same_on_both_sides(party: Party, pair: Pair) -> None:
    """Who is the friend of another has that one for a friend."""
    sides = [[row["gn"] for row in one.done("get_all_friend")["friends"] if row["since"] and row["gn"] == other.name]
             for one, other in (pair, pair[::-1])]
    party.check(bool(sides[0]) == bool(sides[1]), f"a friend of one side only: {sides}")
