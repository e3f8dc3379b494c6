"""Changes of families reach the sessions of a player, and win over tickets that are older."""

from typing import Any

import pytest

from apps.edge import identity, membership
from apps.edge.identity import Family
from apps.edge.membership import Change, ChangeError, RecentChanges, Renaming
from apps.edge.roster import Roster

ADA = ("s1", "u1")
PAYLOAD = {"gn": "ada", "world": "s1", "uid": "u1", "fn": "Red"}


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Seat:
    """Stands for a session."""

    def __init__(self) -> None:
        self.families: list[str] = []
        self.names: list[str] = []
        self.has_given_way = False

    def move(self, family: Family) -> None:
        self.families.append(family.name)

    def rename(self, game_name: str) -> None:
        self.names.append(game_name)

    def give_way(self) -> None:
        self.has_given_way = True


def roster_of(clock: Clock, most: int = 8) -> Roster:
    return Roster(RecentChanges(10, 150, clock), RecentChanges(10, 150, clock), most)


def change(family: str, time: str = "", uid: str = "u1") -> Change:
    return Change(("s1", uid), Family(family), time)


def test_a_change_is_remembered_for_its_time_only() -> None:
    clock = Clock()
    recent: RecentChanges[Change] = RecentChanges(10, 150, clock)
    assert recent.note(change("Blue"))
    clock.now = 149.9
    assert recent.latest(ADA) == change("Blue")
    clock.now = 150
    assert recent.latest(ADA) is None
    assert len(recent) == 0


def test_the_oldest_changes_go_when_there_are_too_many() -> None:
    recent: RecentChanges[Change] = RecentChanges(3, 150, Clock())
    for number in range(5):
        recent.note(change("x", uid=str(number)))
    assert [recent.latest(("s1", str(number))) is not None for number in range(5)] == [False, False, True, True, True]


def test_a_change_that_was_overtaken_on_its_way_does_not_count() -> None:
    recent: RecentChanges[Change] = RecentChanges(3, 150, Clock())
    assert recent.note(change("New", "2026-01-01T00:00:02.000"))
    assert not recent.note(change("Old", "2026-01-01T00:00:01.999"))
    assert recent.note(change("Newest", "2026-01-01T00:00:02.000"))
    assert recent.latest(ADA) == change("Newest", "2026-01-01T00:00:02.000")


def test_all_sessions_of_the_player_move_and_nobody_else() -> None:
    roster = roster_of(Clock())
    one, two, other, elsewhere = Seat(), Seat(), Seat(), Seat()
    for seat, fields in ((one, {}), (two, {}), (other, {"uid": "u2"}), (elsewhere, {"world": "s2"})):
        roster.enter(seat, identity.read({**PAYLOAD, **fields}))
    assert roster.apply(change("Blue")) == 2
    assert (one.families, two.families, other.families, elsewhere.families) == (["Blue"], ["Blue"], [], [])
    roster.leave(one)
    roster.leave(one)
    assert roster.apply(change("")) == 1
    assert two.families == ["Blue", ""]


def test_a_session_ignores_what_was_overtaken_even_after_the_memory_has_faded() -> None:
    clock, seat = Clock(), Seat()
    roster = roster_of(clock)
    roster.enter(seat, identity.read(PAYLOAD))
    roster.apply(change("New", "2026-01-01T00:00:02.000"))
    clock.now = 1000
    assert roster.apply(change("Old", "2026-01-01T00:00:01.000")) == 0
    assert seat.families == ["New"]


def test_a_ticket_from_before_a_change_gets_the_family_of_the_change() -> None:
    roster = roster_of(Clock())
    roster.apply(change(""))
    assert roster.enter(Seat(), identity.read(PAYLOAD)).family is None
    roster.apply(change("Bl.ue"))
    assert roster.enter(Seat(), identity.read(PAYLOAD)).family == "chat.s1.family.Bl=2Eue"
    assert roster.enter(Seat(), identity.read({**PAYLOAD, "uid": "u2"})).family == "chat.s1.family.Red"


def test_a_new_name_reaches_all_sessions_of_the_player_and_older_tickets() -> None:
    roster, one, other = roster_of(Clock()), Seat(), Seat()
    roster.enter(one, identity.read(PAYLOAD))
    roster.enter(other, identity.read({**PAYLOAD, "uid": "u2"}))
    assert roster.rename(Renaming(ADA, "Bea", "2026-01-01T00:00:02.000"))
    assert (one.names, other.names) == (["Bea"], [])
    assert roster.enter(Seat(), identity.read(PAYLOAD)).game_name == b"Bea"
    assert roster.enter(Seat(), identity.read({**PAYLOAD, "world": "s2"})).game_name == b"ada"


def test_a_name_that_was_overtaken_on_its_way_does_not_count_whatever_became_of_the_family() -> None:
    clock = Clock()
    roster, one = roster_of(clock), Seat()
    roster.enter(one, identity.read(PAYLOAD))
    roster.apply(change("Blue", "2026-01-01T00:00:09.000"))
    assert roster.rename(Renaming(ADA, "Bea", "2026-01-01T00:00:02.000"))
    assert not roster.rename(Renaming(ADA, "Old", "2026-01-01T00:00:01.000"))
    assert roster.enter(Seat(), identity.read(PAYLOAD)).game_name == b"Bea"
    clock.now = 1000
    roster.rename(Renaming(ADA, "Old", "2026-01-01T00:00:01.000"))
    assert roster.apply(change("Red", "2026-01-01T00:00:08.000")) == 0
    assert (one.names, one.families) == (["Bea"], ["Blue"])


def test_a_ticket_without_a_uid_still_opens_the_chat() -> None:
    roster = roster_of(Clock())
    assert roster.enter(Seat(), identity.read({**PAYLOAD, "uid": ""})).family == "chat.s1.family.Red"
    assert len(roster) == 0


def test_the_oldest_session_of_a_player_gives_way_when_there_is_one_too_many() -> None:
    roster, seats = roster_of(Clock(), 2), [Seat() for _ in range(4)]
    for seat in seats[:2]:
        roster.enter(seat, identity.read(PAYLOAD))
        roster.enter(Seat(), identity.read({**PAYLOAD, "uid": "u2"}))
    roster.enter(seats[0], identity.read(PAYLOAD))
    assert not any(seat.has_given_way for seat in seats), "the same session is none more, and now the newest"
    for seat in seats[2:]:
        roster.enter(seat, identity.read(PAYLOAD))
    assert [seat.has_given_way for seat in seats] == [True, True, False, False]
    assert roster.apply(change("Blue")) == 2, "who gave way is not listed any more"


@pytest.mark.parametrize("fields", [{"uid": ""}, {"uid": "u2"}, {"world": "s2"}])
def test_nobody_gives_way_to_another_player(fields: dict[str, str]) -> None:
    roster, first = roster_of(Clock(), 1), Seat()
    roster.enter(first, identity.read(PAYLOAD))
    roster.enter(Seat(), identity.read({**PAYLOAD, **fields}))
    assert not first.has_given_way


def test_who_becomes_somebody_else_is_no_longer_moved_as_before() -> None:
    roster, seat = roster_of(Clock()), Seat()
    roster.enter(seat, identity.read(PAYLOAD))
    roster.enter(seat, identity.read({**PAYLOAD, "uid": "u2"}))
    assert roster.apply(change("Blue")) == 0
    assert roster.apply(change("Blue", uid="u2")) == 1


@pytest.mark.parametrize("fields", [
    {}, {"world": "s1"}, {"uid": "u1"}, {"world": "", "uid": "u1"}, {"world": 1, "uid": "u1"},
    {"world": "s1", "uid": ["u1"]}, {"world": "s1", "uid": "u1", "fn": 1}, {"world": "s1", "uid": "u1", "fn": "a\r\nb"},
    {"world": "s1", "uid": "u1", "fn": "x" * 257}, {"world": "s1", "uid": "u1", "time": 5},
])
def test_what_is_no_change(fields: dict[str, Any]) -> None:
    with pytest.raises(ChangeError):
        membership.read(fields)


@pytest.mark.parametrize("fields", [
    {}, {"gn": ""}, {"gn": 7}, {"gn": "a\r\nb"}, {"gn": "x" * 257}, {"gn": "a", "uid": ""}, {"gn": "a", "time": 5}])
def test_what_is_no_new_name(fields: dict[str, Any]) -> None:
    with pytest.raises(ChangeError):
        membership.read_renaming({"world": "s1", "uid": "u1", **fields})


def test_a_change_as_game_logic_publishes_it() -> None:
    assert membership.read({"world": "s1", "uid": "u1", "fn": "Red", "time": "2026-01-01T00:00:00.000"}) == change(
        "Red", "2026-01-01T00:00:00.000")
    assert membership.read({"world": "s1", "uid": "u1", "fn": ""}) == change("")
