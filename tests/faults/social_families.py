"""Ways into and out of families that cross: a player is in one at most, and everybody sees and hears the same."""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

import gevent

from tests.faults import social_chat
from tests.faults.social_chat import DELAY_SECONDS, Voice
from tests.faults.social_people import SUCCESS, Guest, Party, at_once, marks
from tests.faults.strikes import Field
from tests.support.game import new_name

REQUEST_MAIL = "3"
CANDIDATES = 6
IN_A_FAMILY, NO_REQUEST = 98, 99
IN_NONE, NO_REMOVALS, NOT_HERE, ELSEWHERE = 99, 94, 95, 98
REMOVALS = 4
"""So many at once while the candidate is let in, so that one of them waits for that."""
LISTEN_SECONDS = 0.5
Action = tuple[Guest, str, dict[str, Any]]
"""Who calls which function with what."""


@dataclass(frozen=True)
class House:
    """A family."""

    name: str
    owner: Guest


@dataclass(frozen=True)
class Crossing:
    """What happens to one candidate at the same time."""

    candidate: Guest
    ways_in: list[Action]
    others: list[Action]
    """What takes the candidate out, or a way in away."""


def crossing_families(field: Field) -> None:
    """Each candidate comes into one of two families in several ways at once, and goes in two ways at once."""
    party = Party(field)
    owners, candidates = split(party.invite(2 + CANDIDATES, grown=True))
    houses = found(owners)
    voices = social_chat.start([*owners, *candidates], field.stage.edges)
    try:
        crossings = at_once([partial(prepare, houses, *numbered) for numbered in enumerate(candidates)])
        at_once([partial(come, party, crossing) for crossing in crossings])
        agree_all(party, voices)
        at_once([partial(go, party, houses, candidate) for candidate in candidates])
        agree_all(party, voices)
    finally:
        social_chat.stop(voices)
    field.notes.append(f"{CANDIDATES} players took {sum(len(one.ways_in) for one in crossings)} ways into families")


def split(guests: list[Guest]) -> tuple[list[Guest], list[Guest]]:
    """Return the owners and the candidates."""
    return guests[:2], guests[2:]


def found(owners: Sequence[Guest]) -> list[House]:
    """Found a family for each."""
    houses = [House(new_name(), owner) for owner in owners]
    at_once([partial(house.owner.done, "create_family", name=house.name, icon=1) for house in houses])
    return houses


def prepare(houses: Sequence[House], number: int, candidate: Guest) -> Crossing:
    """Send the requests of one candidate, who gets one of three kinds of crossings."""
    one, other = houses[number // 3 % 2], houses[(number // 3 + 1) % 2]
    if number % 3 == 0:
        own = (candidate, "create_family", {"name": new_name(), "icon": 1})
        return Crossing(candidate, [apply(one, candidate), apply(other, candidate), own], [])
    if number % 3 == 1:
        invitation = invite(one, candidate)
        refusal = (candidate, "delete_mail", invitation[2])
        return Crossing(candidate, [invitation, apply(other, candidate)], [refusal])
    removal = (one.owner, "remove_user_family", {"gn_target": candidate.name})
    return Crossing(candidate, [apply(one, candidate)], [removal] * REMOVALS)


def apply(house: House, candidate: Guest) -> Action:
    """Apply to a family; return how its owner lets the candidate in."""
    candidate.done("request_join_family", name=house.name)
    key = house.owner.wait_for_mail(REQUEST_MAIL, lambda mail: mail["from"] == candidate.name)
    return house.owner, "respond_family", {"key": key}


def invite(house: House, candidate: Guest) -> Action:
    """Invite a candidate; return how the invitation is accepted."""
    house.owner.done("invite_user_family", gn_target=candidate.name)
    key = candidate.wait_for_mail(REQUEST_MAIL, lambda mail: mail["from"] == house.name)
    return candidate, "respond_family", {"key": key}


def come(party: Party, crossing: Crossing) -> None:
    """Let everything about a candidate happen at once, each way in twice, through two gates."""
    calls = [*itertools.product(crossing.ways_in, range(2)), *zip(crossing.others, itertools.cycle(range(2)))]
    answers = at_once([partial(guest.call, function, first=first, **data) for (guest, function, data), first in calls])
    joined = [answer["status"] for answer in answers[:2 * len(crossing.ways_in)]]
    name = crossing.candidate.name
    party.check(set(joined) <= {SUCCESS, IN_A_FAMILY, NO_REQUEST}, f"{name} came into families with {joined}")
    party.check(joined.count(SUCCESS) == 1, f"{name} came into {joined.count(SUCCESS)} families: {joined}")
    crossed = {answer["status"] for answer in answers[len(joined):]}
    party.check(crossed <= {SUCCESS, NOT_HERE, ELSEWHERE}, f"{name} and what crossed: {crossed}")


def go(party: Party, houses: Sequence[House], candidate: Guest) -> None:
    """Let a candidate leave while the owners of both families remove it; one of them does it, or nobody can."""
    removals = [partial(house.owner.call, "remove_user_family", gn_target=candidate.name) for house in houses]
    left, *removed = [answer["status"] for answer in at_once([partial(candidate.call, "leave_family"), *removals])]
    party.check(left in {SUCCESS, IN_NONE, ELSEWHERE}, f"{candidate.name} left with {left}")
    party.check(set(removed) <= {SUCCESS, NO_REMOVALS, NOT_HERE, ELSEWHERE}, f"{candidate.name} was removed: {removed}")
    party.check([left, *removed].count(SUCCESS) <= 1, f"{candidate.name} left with {left} and was removed: {removed}")


def agree_all(party: Party, voices: Sequence[Voice]) -> None:
    """The database, what each player sees and what each one hears have to be the same families."""
    guests = [voice.guest for voice in voices]
    homes = dict(party.rows("SELECT p.gn, f.name FROM family_member m JOIN player p ON p.uid = m.uid "
                            f"JOIN family f ON f.id = m.family WHERE m.uid IN ({marks(guests)})",
                            *(guest.uid for guest in guests)))
    members: dict[str, set[str]] = defaultdict(set)
    for gn, family in homes.items():
        members[family].add(gn)
    at_once([partial(sees, party, guest, homes.get(guest.name, ""), members) for guest in guests])
    since = monotonic() + DELAY_SECONDS
    gevent.sleep(DELAY_SECONDS + LISTEN_SECONDS)
    for voice in voices:
        hears(party, voice, since, members[homes[voice.guest.name]] if voice.guest.name in homes else set())


def sees(party: Party, guest: Guest, family: str, members: Mapping[str, set[str]]) -> None:
    """Compare what a player sees with the family that the database has."""
    shown = guest.done("get_info_player")["fn"]
    party.check(shown == family, f"{guest.name} sees family {shown!r}, the database has {family!r}")
    answer = guest.call("get_all_family")
    listed = {member["gn"] for member in answer["data"]["members"]} if answer["status"] == SUCCESS else set()
    right = members.get(family, set())
    party.check(listed == right, f"{guest.name} sees members {sorted(listed)}, the database has {sorted(right)}")


def hears(party: Party, voice: Voice, since: float, members: set[str]) -> None:
    """Everybody hears the whole own family, oneself too, and nobody else."""
    heard = voice.heard_since(since)
    strangers, silent = heard - members, members - heard
    party.check(not strangers, f"{voice.guest.name} hears the family of {sorted(strangers)}, being in "
                               f"{'that of ' + str(sorted(members)) if members else 'none'}")
    party.check(not silent, f"{voice.guest.name} does not hear {sorted(silent)} of the own family")
