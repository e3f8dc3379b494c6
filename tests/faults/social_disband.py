"""A family that ends while its members speak and others join: from then on it is nobody's, in the chat too."""

from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any

import gevent

from apps.client.chat import parse
from apps.client.gate import Address
from common.lines import LineTimeoutError
from tests.faults import social_chat
from tests.faults.social_chat import DELAY_SECONDS, FAMILY, Voice, wait_heard
from tests.faults.social_families import House, apply, found
from tests.faults.social_people import SUCCESS, WAIT_SECONDS, Guest, Party, at_once, marks
from tests.faults.strikes import Field
from tests.faults.talk import show
from tests.support.waiting import wait_for

MEMBERS, EARLY, LATE = 3, 4, 2
"""Members, players who apply before the family ends, and those who apply while it does."""
END_MICROSECONDS = 400_000
STEP_SECONDS = 0.12
"""Between two who join, so that the family ends in the middle of them."""
GONE, NO_SUCH_FAMILY, IN_NO_FAMILY = 97, 98, 99
LISTEN_SECONDS = 0.5
CLOSE_SECONDS = 3.0


def disbanded(field: Field) -> None:
    """The time of a family comes while all of that goes on; somebody founds one of the same name at once."""
    party = Party(field)
    founder, owner, *others = party.invite(2 + MEMBERS + EARLY + LATE, grown=True)
    members, joiners = others[:MEMBERS], others[MEMBERS:]
    [house] = found([owner])
    at_once([partial(join, house, member) for member in members])
    voices = social_chat.start([owner, *members], field.stage.edges)
    try:
        for voice in voices:
            wait_heard(voice, {voice.guest.name for voice in voices})
        tickets = [str(guest.done("get_login_token_chat")["token"]) for guest in (owner, *members)]
        gone = end(party, house, joiners, voices)
        found_again(party, house, founder, voices, tickets)
        silent_since(party, voices, gone)
    finally:
        social_chat.stop(voices)
    homeless(party, house, [owner, *members, *joiners])


def join(house: House, guest: Guest) -> None:
    """Let a guest apply and be let in."""
    owner, function, data = apply(house, guest)
    owner.done(function, **data)


def end(party: Party, house: House, joiners: Sequence[Guest], voices: Sequence[Voice]) -> float:
    """Let the family end; return the moment at which the first of its members was told."""
    applied = at_once([partial(apply, house, joiner) for joiner in joiners[:EARLY]])
    house.owner.done("disband_family")
    party.change("UPDATE family SET disband = UTC_TIMESTAMP(3) + INTERVAL %s MICROSECOND WHERE name = %s",
                 END_MICROSECONDS, house.name)
    told, let_in, late = at_once([
        lambda: at_once([partial(wait_told, voice.guest) for voice in voices]),
        lambda: [step(partial(guest.call, function, **data)) for guest, function, data in applied],
        lambda: [step(partial(joiner.call, "request_join_family", name=house.name)) for joiner in joiners[EARLY:]]])
    for statuses, otherwise in ((let_in, GONE), (late, NO_SUCH_FAMILY)):
        count = statuses.count(SUCCESS)
        party.check(statuses == [SUCCESS] * count + [otherwise] * (len(statuses) - count),
                    f"joining a family that ended meanwhile: {statuses}")
    party.field.notes.append(f"{let_in.count(SUCCESS)} of {len(let_in)} joined before the end")
    return float(min(told))


def step(call: Callable[[], dict[str, Any]]) -> int:
    """Wait for one's turn and call; return the status."""
    gevent.sleep(STEP_SECONDS)
    return int(call()["status"])


def wait_told(member: Guest) -> float:
    """Look at the family until it is gone; return when that was."""
    wait_for(lambda: member.call("get_all_family")["status"] == IN_NO_FAMILY, WAIT_SECONDS, "the end of a family")
    return monotonic()


def found_again(party: Party, house: House, founder: Guest, voices: Sequence[Voice], tickets: Sequence[str]) -> None:
    """Found a family of the same name: whoever was in the old one hears nothing of it, with an old ticket neither."""
    founder.done("create_family", name=house.name, icon=1)
    edges, since = party.field.stage.edges, monotonic()
    [voice] = social_chat.start([founder], edges)
    try:
        wait_heard(voice, {founder.name})
        at_once([partial(show_old, party, edges[number % len(edges)], ticket) for number, ticket in enumerate(tickets)])
        gevent.sleep(DELAY_SECONDS + LISTEN_SECONDS)
    finally:
        social_chat.stop([voice])
    party.check(voice.heard_since(since + DELAY_SECONDS) == {founder.name},
                f"a new family of an old name hears {sorted(voice.heard_since(since + DELAY_SECONDS))}")
    for one in voices:
        party.check(founder.name not in one.heard_since(since), f"{one.guest.name} hears a new family of an old name")


def show_old(party: Party, edge: Address, ticket: str) -> None:
    """A ticket of before the end opens the chat, but no family: nothing comes from one, and speaking to it closes."""
    chat = show(edge, ticket)
    if chat is None:
        party.problems.append("a ticket of before the end of a family does not open the chat")
        return
    with chat:
        deadline = monotonic() + CLOSE_SECONDS
        try:
            chat.say(FAMILY, "is anybody there?")
            while (line := chat.read(deadline - monotonic())) is not None:
                party.check(parse(line)[0] != FAMILY, f"an old ticket hears a family: {line}")
        except LineTimeoutError:
            party.problems.append("who speaks to a family that has ended is not closed")
        except OSError:
            return  # reset: it is closed


def silent_since(party: Party, voices: Sequence[Voice], gone: float) -> None:
    """A second after the end nobody hears anything in the chat of the family any more."""
    for voice in voices:
        late = [one for one in voice.heard if one.at > gone + DELAY_SECONDS]
        party.check(not late, f"{voice.guest.name} heard {len(late)} messages of a family that had ended, the last "
                              f"{max((one.at - gone for one in late), default=0):.1f} s later")


def homeless(party: Party, house: House, guests: Sequence[Guest]) -> None:
    """Nobody is in the family any more, and no row of it is left."""
    seen = at_once([partial(guest.done, "get_info_player") for guest in guests])
    party.check(not any(one["fn"] for one in seen), f"players see the family that ended: {house.name}")
    uids = [guest.uid for guest in guests]
    for table in ("family_member", "family_request"):
        rows = party.rows(f"SELECT uid, family FROM {table} WHERE uid IN ({marks(uids)})", *uids)
        party.check(not rows, f"{len(rows)} rows of {table} are left of a family that ended")
    again = guests[-1].call("request_join_family", name=house.name)["status"]
    party.check(again == SUCCESS, f"applying to the new family of the name: {again}")
