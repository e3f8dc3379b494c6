"""Who is online: what edges tell one another, and what clients are told of it. Time passes when the test says so."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.edge import snapshot
from apps.edge.agenda import Agenda
from apps.edge.attendance import Attendance, Person
from apps.edge.gathering import Gathering, Pace
from apps.edge.snapshot import Reader, Snapshot, SnapshotError
from apps.edge.whereabouts import Whereabouts

PACE = Pace(pause=0.5, ghost=30)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


class Client:
    """Stands for a session."""

    def send(self, data: bytes) -> None:
        raise AssertionError("a gathering says what to send; it does not send")


def gathering(*names: str, limit: int = 200) -> Gathering:
    found = Gathering("s1", "Red", "presence.chat.s1.Red", limit, PACE)
    for name in names:
        found.attendance.enter(object(), Person(name, f"uid of {name}"))
    return found


def told(found: Gathering, now: float, gone: str = "") -> list[tuple[Any, dict[str, Any]]]:
    found.tidy(now)
    lines = found.news(lambda person: None if person.uid == gone else person.name, now)
    return [(client, orjson.loads(line[10:])) for client, line in lines]


def members(*names: str) -> dict[str, str]:
    return {name: f"uid of {name}" for name in names}


@given(st.dictionaries(NAMES, NAMES, max_size=5), st.booleans(), st.booleans())
def test_a_snapshot_arrives_as_it_was_sent(found: dict[str, str], watches: bool, asks: bool) -> None:
    sent = Snapshot("5f1c", found, watches, asks)
    assert snapshot.read(snapshot.encode(sent)) == sent


@pytest.mark.parametrize("fields", [
    {"edge": 1}, {"edge": ""}, {"edge": "x" * 65}, {"members": []}, {"members": {"a": 1}},
    {"members": {"x" * 257: ""}}, {"members": {"a": "x" * 257}}, {"members": {str(n): "" for n in range(10_001)}},
])
def test_what_is_no_snapshot(fields: dict[str, Any]) -> None:
    whole = {"edge": "5f1c", "members": {}, "watches": False, "asks": False}
    with pytest.raises(SnapshotError):
        snapshot.read(orjson.dumps({**whole, **fields}))


@pytest.mark.parametrize("payload", [b"null", b"[]", b"1", b"{}", b'"edge"', b'{"edge": "x", "members": {}}'])
def test_what_lacks_something_is_no_snapshot(payload: bytes) -> None:
    with pytest.raises(SnapshotError):
        snapshot.read(payload)


@given(st.binary(max_size=60))
def test_garbage_is_no_snapshot(payload: bytes) -> None:
    with pytest.raises(SnapshotError):
        snapshot.read(payload)


def _same(person: Person) -> str:
    return person.name


def test_a_player_with_two_sessions_counts_once_and_until_the_last_ends() -> None:
    found, one, two = Attendance(10), object(), object()
    assert found.enter(one, Person("ada", "u1"))
    assert not found.enter(one, Person("ada", "u1"))
    found.enter(two, Person("ada", "u1"))
    found.leave(one)
    assert (found.own(), len(found)) == ({"ada": "u1"}, 1)
    found.leave(two)
    assert (found.own(), found.names(_same)) == ({}, [])


def test_an_edge_tells_no_more_than_its_limit() -> None:
    found = Attendance(2)
    for name in "cab":
        found.enter(name, Person(name, ""))
    assert [*found.own()] == ["a", "b"]
    assert found.names(_same) == ["a", "b", "c"]


def test_other_edges_add_to_the_own_members_until_they_are_silent_for_too_long() -> None:
    found = Attendance(10)
    found.enter(1, Person("ada", "u1"))
    assert found.hear("x", members("bert", "ada"), 0)
    assert not found.hear("x", members("bert", "ada"), 10)
    assert found.hear("y", {"nobody knows": ""}, 20)
    assert found.names(lambda _: None) == ["ada", "nobody knows"], "without a uid nobody can be gone"
    assert found.names(lambda person: person.name.upper()) == ["ADA", "BERT", "ada", "nobody knows"]
    assert found.names(_same) == ["ada", "bert", "nobody knows"]
    assert (found.oldest(), found.expire(9), found.expire(10), found.oldest()) == (10, False, True, 20)
    assert found.hear("y", {}, 21)
    assert (found.oldest(), found.names(_same)) == (None, ["ada"])


def test_the_agenda_keeps_the_earliest_moment_of_each() -> None:
    agenda: Agenda[str] = Agenda()
    assert agenda.put("a", 5)
    assert not agenda.put("b", 7)
    assert not agenda.put("a", 6)
    assert agenda.put("b", 1)
    assert agenda.next() == 1
    assert [agenda.take(now) for now in (0.9, 1, 7, 99)] == [None, "b", "a", None]
    agenda.put("a", 8)
    agenda.drop("a")
    assert agenda.next() is None


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 9))))
def test_the_agenda_gives_each_once_and_in_order(puts: list[tuple[str, int]]) -> None:
    agenda: Agenda[str] = Agenda()
    for item, when in puts:
        agenda.put(item, when)
    earliest = {item: min(when for other, when in puts if other == item) for item, _ in puts}
    taken = [found for _ in range(len(puts) + 1) if (found := agenda.take(10)) is not None]
    assert sorted(taken) == sorted(earliest)
    assert [earliest[item] for item in taken] == sorted(earliest.values())


def test_a_player_is_found_in_the_family_that_listed_it_last() -> None:
    found: Whereabouts[str] = Whereabouts()
    found.list("Red", {("s1", "u1"), ("s1", "u2")})
    found.list("Blue", {("s1", "u1")})
    found.list("Red", {("s1", "u2"), ("s2", "u1")})
    assert [found.find(player) for player in (("s1", "u1"), ("s1", "u2"), ("s2", "u1"), ("s1", "x"))] == [
        "Blue", "Red", "Red", None]
    found.list("Red", set())
    found.list("Blue", set())
    assert len(found) == 0


def test_a_snapshot_that_comes_again_is_not_read_again() -> None:
    reader = Reader()
    one, other = (snapshot.encode(Snapshot(edge, members("ada"))) for edge in "xy")
    found = reader.read(one)
    assert reader.read(other).edge == "y"
    assert reader.read(bytes(bytearray(one))) is found
    for number in range(100):
        assert reader.read(snapshot.encode(Snapshot(str(number), {}))).edge == str(number)
    with pytest.raises(SnapshotError):
        reader.read(b"garbage")


def test_who_listens_gets_all_after_a_pause_and_then_what_changes() -> None:
    found, client = gathering("ada"), Client()
    found.listen(client, always=True, now=0)
    found.hear(Snapshot("x", members("bert")), 0.1)
    assert told(found, 0.4) == []
    assert told(found, 0.5) == [(client, {"family": "Red", "members": ["ada", "bert"]})]
    found.hear(Snapshot("x", members("carl")), 1)
    assert told(found, 1.5) == [(client, {"family": "Red", "joined": ["carl"], "left": ["bert"]})]
    assert told(found, 1.6) == []


def test_who_asks_once_is_told_once() -> None:
    found, client, listener = gathering("ada"), Client(), Client()
    found.listen(listener, always=True, now=0)
    told(found, 1)
    found.listen(client, always=False, now=2)
    assert told(found, 2) == [(client, {"family": "Red", "members": ["ada"]})]
    found.hear(Snapshot("x", members("bert")), 3)
    assert told(found, 3) == [(listener, {"family": "Red", "joined": ["bert"], "left": []})]
    found.listen(client, always=False, now=4)
    found.ignore(client)
    assert told(found, 5) == []


def test_coming_and_going_within_a_pause_is_no_news() -> None:
    found, client = gathering("ada"), Client()
    found.listen(client, always=True, now=0)
    found.hear(Snapshot("x", members("bert")), 0)
    told(found, 1)
    found.hear(Snapshot("x", {}), 2)
    found.hear(Snapshot("y", members("bert")), 2.2)
    assert told(found, 2.5) == []


def test_a_client_is_told_no_more_than_the_limit() -> None:
    found, client = gathering("a", "b", "c", limit=2), Client()
    found.listen(client, always=True, now=0)
    assert told(found, 1) == [(client, {"family": "Red", "members": ["a", "b"], "more": True})]


def test_who_left_the_family_meanwhile_is_not_online_whatever_its_edge_said() -> None:
    found, client = gathering("ada"), Client()
    found.listen(client, always=True, now=0)
    found.hear(Snapshot("x", members("bert")), 0)
    told(found, 1)
    assert told(found, 2, gone="uid of bert") == [(client, {"family": "Red", "joined": [], "left": ["bert"]})]


def test_a_dead_edge_is_forgotten_after_its_time() -> None:
    found, client = gathering("ada"), Client()
    found.listen(client, always=True, now=0)
    found.hear(Snapshot("x", members("bert")), 5)
    told(found, 10)
    assert found.attendance.oldest() == 5
    assert told(found, 34.9) == []
    assert told(found, 35) == [(client, {"family": "Red", "joined": [], "left": ["bert"]})]


def test_where_nobody_wants_to_know_an_edge_speaks_once_and_is_silent_then() -> None:
    found = gathering("ada")
    assert found.snapshot("me", 0) == Snapshot("me", members("ada"), watches=False, asks=True)
    found.published(0, was_sent=True)
    assert not found.has_news
    assert not found.change(1)
    assert found.hear(Snapshot("x", members("bert"), asks=True), 1) is None
    assert (found.is_due(100), found.next(100), found.attendance.oldest()) == (False, None, None)


def test_an_edge_speaks_while_another_one_wants_to_know() -> None:
    found = gathering("ada")
    found.published(0, was_sent=True)
    assert found.hear(Snapshot("x", {}, watches=True, asks=True), 1) == 1, "it answers at once"
    assert found.is_due(1)
    found.published(1, was_sent=True)
    assert found.hear(Snapshot("y", {}, watches=True, asks=True), 1.1) == 1.5, "but not twice within a pause"
    found.published(1.5, was_sent=True)
    assert not found.is_due(2)
    assert found.next(2) == 11.5
    assert found.is_due(11.5), "it says so again and again"
    assert found.change(30)
    assert not found.is_due(31.1), "nobody has said for long that it wants to know"


def test_what_could_not_be_sent_is_sent_later() -> None:
    found = gathering("ada")
    found.listen(Client(), always=True, now=0)
    found.published(0, was_sent=False)
    assert found.has_news
    assert found.is_due(0.1)
    assert found.snapshot("me", 0.1).watches


def test_after_the_last_listener_what_others_told_is_forgotten_in_time() -> None:
    found, client = gathering("ada"), Client()
    found.listen(client, always=True, now=0)
    found.published(0, was_sent=True)
    found.hear(Snapshot("x", members("bert")), 20)
    found.tidy(20)
    found.ignore(client)
    found.tidy(49.9)
    assert found.attendance.oldest() == 20
    found.tidy(50)
    assert (found.attendance.oldest(), found.wants(50)) == (None, False)
    found.listen(client, always=True, now=60)
    assert found.has_news, "it asks anew"
