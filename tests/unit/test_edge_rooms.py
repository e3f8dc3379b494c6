"""Rooms: subscriptions are exactly the rooms with members, whatever the order of coming and going."""

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.edge.fan_out import Receiver
from apps.edge.identity import Identity
from apps.edge.relay import Message, Relay
from apps.edge.rooms import Change, Rooms

MOVES = st.lists(st.tuples(st.integers(0, 4), st.sets(st.sampled_from("abcd"), max_size=3)), max_size=40)


@given(MOVES)
def test_open_rooms_are_the_rooms_with_members(moves: list[tuple[int, set[str]]]) -> None:
    rooms: Rooms[int] = Rooms()
    places: dict[int, set[str]] = {}
    opened: set[str] = set()
    for member, wanted in moves:
        change = rooms.place(member, wanted)
        assert opened.isdisjoint(change.opened)
        assert opened.issuperset(change.closed)
        opened = (opened | set(change.opened)) - set(change.closed)
        places[member] = wanted
        assert opened == set().union(*places.values())
        assert len(rooms) == len(opened)
        for room in "abcd":
            assert set(rooms.members(room)) == {who for who, where in places.items() if room in where}
            assert (room in rooms) == (room in opened)


def test_a_room_that_is_kept_neither_closes_nor_opens() -> None:
    rooms: Rooms[str] = Rooms()
    assert rooms.place("a", ["world", "family 1"]) == Change(["family 1", "world"], [])
    assert rooms.place("a", ["world", "family 2"]) == Change(["family 2"], ["family 1"])
    assert rooms.remove("a") == Change([], ["family 2", "world"])
    assert rooms.remove("a") == Change([], [])


class Ear:
    """A member of rooms."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.heard.append(data)


class Bus:
    """Stands for NATS; refuses to subscribe twice or to unsubscribe what is not subscribed."""

    def __init__(self) -> None:
        self.round_trips = 0
        self.subscribed: dict[str, Callable[[Message], None]] = {}

    def publish(self, subject: str, *, payload: bytes = b"", headers: Mapping[str, str] = {}) -> None:
        class Sent:
            def __init__(self) -> None:
                self.payload = payload
                self.headers = headers

        if subject in self.subscribed:
            self.subscribed[subject](Sent())

    def subscribe(self, subject: str, *, callback: Callable[[Message], None]) -> str:
        assert subject not in self.subscribed
        self.subscribed[subject] = callback
        return subject

    def unsubscribe(self, sub: Any) -> None:
        del self.subscribed[sub]

    def round_trip(self) -> float:
        self.round_trips += 1
        return 0.0


def relay_on(bus: Bus, overheard: Callable[[str, str], None] = lambda uid, room: None, name: str = "e1") -> Relay:
    rooms: Rooms[Receiver] = Rooms()

    def deliver(room: str, line: bytes) -> None:
        for member in rooms.members(room):
            member.send(line)

    return Relay(bus, rooms, deliver, overheard, name=name)


IDENTITIES = [Identity(b"gn", f"chat.{world}.public", f"chat.{world}.family.{family}" if family else None)
              for world in ("s1", "s2") for family in ("", "x", "y")]


@given(st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.sampled_from(IDENTITIES))), max_size=30))
def test_the_relay_is_subscribed_to_what_its_members_may_hear(moves: list[tuple[int, Identity | None]]) -> None:
    bus = Bus()
    relay = relay_on(bus)
    ears: list[Receiver] = [Ear() for _ in range(4)]
    now: dict[int, Identity | None] = {}
    for who, identity in moves:
        now[who] = identity
        if identity:
            relay.enter(ears[who], identity)
        else:
            relay.leave(ears[who])
        wanted = {subject for found in now.values() if found for subject in found.subjects}
        assert set(bus.subscribed) == wanted


def test_a_message_reaches_the_room_and_no_other() -> None:
    relay = relay_on(Bus())
    one, two, alone = Ear(), Ear(), Ear()
    speaker = Identity(b"one", "chat.s1.public", "chat.s1.family.x")
    relay.enter(one, speaker)
    relay.enter(two, Identity(b"two", "chat.s1.public", "chat.s1.family.y"))
    relay.enter(alone, Identity(b"three", "chat.s2.public", None))
    relay.say("chat.s1.public", speaker, b"hi")
    relay.say("chat.s1.family.x", speaker, b"psst")
    assert one.heard == [b"0000PUBLICone:hi\r\n", b"0000FAMILYone:psst\r\n"]
    assert two.heard == [b"0000PUBLICone:hi\r\n"]
    assert alone.heard == []


def test_a_subscription_is_confirmed_once_and_again_after_it_ended() -> None:
    bus = Bus()
    relay = relay_on(bus)
    identity = Identity(b"one", "chat.s1.public", None)
    first, second = Ear(), Ear()
    for ear in (first, second):
        relay.enter(ear, identity)
        relay.confirm(identity)
    assert bus.round_trips == 1
    relay.leave(first)
    relay.leave(second)
    relay.enter(first, identity)
    relay.confirm(identity)
    assert bus.round_trips == 2


def test_a_payload_with_a_line_end_is_not_delivered() -> None:
    bus = Bus()
    relay = relay_on(bus)
    ear = Ear()
    relay.enter(ear, Identity(b"one", "chat.s1.public", None))
    bus.publish("chat.s1.public", payload=b"gn:a\r\n00000000OK")
    assert ear.heard == []


def test_what_a_player_says_through_another_edge_is_overheard_and_nothing_else() -> None:
    heard: list[tuple[str, str]] = []
    bus = Bus()
    here = relay_on(bus, lambda uid, room: heard.append((uid, room)), "here")
    speaker = Identity(b"one", "chat.s1.public", None, uid="u1")
    here.enter(Ear(), speaker)
    here.say("chat.s1.public", speaker, b"hi")
    assert heard == []
    relay_on(bus, name="there").say("chat.s1.public", speaker, b"hi")
    bus.publish("chat.s1.public", payload=b":an announcement")
    assert heard == [("u1", "chat.s1.public")]
