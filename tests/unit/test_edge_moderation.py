"""Mutes, rates and the word filter: what becomes of a message."""

import itertools
from typing import Any

import pytest

from apps.edge import identity, mutes
from apps.edge.identity import Family
from apps.edge.moderator import FilterMode, Moderator, Reason, Ruling
from apps.edge.mutes import Mute, MuteError, Mutes
from common.token_bucket import Rates
from common.word_filter import WordFilter

ADA = identity.read({"gn": "ada", "world": "s1", "uid": "u1", "fn": "Red", "fid": "f1"})
BEA = identity.read({"gn": "bea", "world": "s1", "uid": "u2", "fn": "Red", "fid": "f1"})
RED = str(ADA.family)
FIELDS: dict[str, Any] = {"world": "s1", "until": 100}


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Lists:
    """A list that does not change."""

    filter = WordFilter(["darn"])


def moderator(clock: Clock, muted: Mutes, mode: FilterMode = FilterMode.MASK, rate: float = 1000) -> Moderator:
    return Moderator(muted, Rates(rate, 3, 100, clock), Lists(), mode)


def test_a_muted_player_is_silent_everywhere_until_the_end() -> None:
    clock = Clock()
    muted = Mutes(10, clock)
    judge = moderator(clock, muted).judge
    muted.apply(mutes.read({**FIELDS, "uid": "u1"}))
    assert judge(ADA, ADA.public, b"hi") == judge(ADA, RED, b"hi") == Ruling(None, Reason.MUTED, 100)
    assert judge(BEA, BEA.public, b"hi") == Ruling(b"hi")
    clock.now = 100
    assert judge(ADA, ADA.public, b"hi") == Ruling(b"hi")


def test_a_muted_channel_is_silent_for_all() -> None:
    clock = Clock()
    muted = Mutes(10, clock)
    judge = moderator(clock, muted).judge
    muted.apply(mutes.read({**FIELDS, "channel": "public"}))
    assert judge(ADA, ADA.public, b"hi").reason is judge(BEA, BEA.public, b"hi").reason is Reason.MUTED
    assert judge(ADA, RED, b"hi").text == b"hi"
    muted.apply(mutes.read({**FIELDS, "channel": "family", "fid": "f1"}))
    assert judge(BEA, RED, b"hi").reason is Reason.MUTED


def test_a_muted_family_stays_muted_under_another_name_and_who_takes_the_old_one_is_not() -> None:
    muted = Mutes(10, Clock())
    judge = moderator(Clock(), muted).judge
    muted.apply(mutes.read({**FIELDS, "channel": "family", "fid": "f1"}))
    renamed = ADA.in_family(Family("Blue", "f1"))
    heir = BEA.in_family(Family("Red", "f2"))
    assert judge(renamed, str(renamed.family), b"hi").reason is Reason.MUTED
    assert judge(heir, str(heir.family), b"hi").text == b"hi"
    old_ticket = BEA.in_family(Family("Red"))
    assert judge(old_ticket, str(old_ticket.family), b"hi").text == b"hi", "of whom the id is not known"


def test_a_mute_can_be_ended_and_changed() -> None:
    clock = Clock()
    muted = Mutes(10, clock)
    for until, shown in ((100, 100), (50, 50), (70, 70), (0, 0)):
        muted.apply(mutes.read({**FIELDS, "until": until, "uid": "u1"}))
        assert muted.until(mutes.player("u1"), ADA.public) == shown
        assert muted.active() == bool(shown)


def test_what_was_said_before_does_not_count_in_whatever_order_it_comes() -> None:
    """A word that was delayed arrives after the one that ended the mute, again and again."""
    muted = Mutes(10, Clock())
    words = [mutes.read({**FIELDS, "uid": "u1", "until": until, "time": f"2026-01-01T00:00:0{second}.000"})
             for second, until in ((1, 100), (2, 0), (3, 50), (4, 0))]
    for order in itertools.permutations(words):
        taken = [muted.apply(word) for word in order]
        assert muted.until(mutes.player("u1")) == 0
        assert taken[order.index(words[3])]
        assert not muted.apply(words[0])
    assert muted.apply(words[3]), "the same word again does no harm"


def test_a_player_of_a_merged_world_stays_muted() -> None:
    muted = Mutes(10, Clock())
    muted.apply(mutes.read({"world": "s7", "until": 100, "uid": "u1"}))
    assert moderator(Clock(), muted).judge(ADA, ADA.public, b"hi").reason is Reason.MUTED


def test_mutes_that_have_ended_make_room_first_then_those_that_end_soon() -> None:
    clock = Clock()
    muted = Mutes(2, clock)
    muted.apply(Mute("ended", 1))
    muted.apply(Mute("late", 90))
    clock.now = 2
    muted.apply(Mute("soon", 50))
    assert muted.active() == 2
    muted.apply(Mute("latest", 99))
    assert [bool(muted.until(name)) for name in ("ended", "late", "soon", "latest")] == [
        False, True, False, True]


@pytest.mark.parametrize("fields", [
    {}, {"world": "s1", "uid": "u1"}, {"world": "s1", "until": 1}, {"world": "s1", "until": "1", "uid": "u1"},
    {"world": "s1", "until": True, "uid": "u1"}, {"world": "", "until": 1, "channel": "public"},
    {"world": "s1", "until": 1, "uid": 5}, {"world": "s1", "until": 1, "uid": ""},
    {"world": "s1", "until": 1, "channel": "x"},
    {"world": "s1", "until": 1, "channel": "family"},
    {"world": "s1", "until": 1, "channel": "family", "fn": "Red"}, {"world": "s1", "until": 1, "uid": "u", "time": 5},
    {"world": "s1", "until": 10**400, "uid": "u1"},
])
def test_what_is_no_mute(fields: dict[str, Any]) -> None:
    with pytest.raises(MuteError):
        mutes.read(fields)


def test_the_rate_is_of_a_player_in_a_channel() -> None:
    clock = Clock()
    judge = moderator(clock, Mutes(1, clock), rate=1).judge
    assert [judge(ADA, ADA.public, b"hi").reason for _ in range(4)] == [None, None, None, Reason.TOO_MANY]
    assert judge(ADA, RED, b"hi").text == judge(BEA, BEA.public, b"hi").text == b"hi"
    clock.now = 1
    assert judge(ADA, ADA.public, b"hi").text == b"hi"


def test_the_three_ways_of_the_filter() -> None:
    clock = Clock()
    rulings = {mode: moderator(clock, Mutes(1, clock), mode).judge(ADA, ADA.public, "öh Darn".encode())
               for mode in FilterMode}
    assert rulings == {FilterMode.MASK: Ruling("öh ****".encode()), FilterMode.REFUSE: Ruling(None, Reason.WORDS),
                       FilterMode.OFF: Ruling("öh Darn".encode())}
