"""Clients that ask for more at REGISTER: numbers, history, gaps, announcements and private messages."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from common import subjects
from common.nats import Client
from common.nats.jetstream import JetStream
from tests.support.edge import ChatClient, Edge, EdgeSystem
from tests.support.edge_pair import Running, nats, one, system, two, two_edges
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    yield from two_edges(EdgeSystem(jetstream=True), "--history-limit=5", "--message-burst=100",
                         "--messages-per-second=1000", "--chat-stream-channel=20")


def join(system: EdgeSystem, edge: Edge, wishes: str, name: str, world: str, family: str = "") -> ChatClient:
    """Return a client with the extension."""
    return system.connect(edge).register(system.auth.nonce(name, world, family) + wishes)


def got(client: ChatClient, command: str = "000MESSAGE") -> dict[str, Any]:
    line = client.line()
    assert line is not None
    assert line.startswith(command.encode()), line
    found: dict[str, Any] = orjson.loads(line[10:])
    return found


def texts(client: ChatClient, count: int) -> list[str]:
    return [got(client)["text"] for _ in range(count)]


def say(client: ChatClient, *messages: str, channel: str = "0000PUBLIC") -> None:
    client.send(*(f"{channel}{text}".encode() for text in messages))


def test_messages_have_numbers_that_grow_and_plain_clients_see_no_difference(
        system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    plain, first, second = (system.join(one, "plain", world, "Red"), join(system, one, ";", "anna", world, "Red"),
                            join(system, two, ";last=0", "bert", world, "Red"))
    say(plain, "one", "two: 2")
    assert plain.lines(2) == [b"0000PUBLICplain:one", b"0000PUBLICplain:two: 2"]
    heard = [[got(client) for _ in range(2)] for client in (first, second)]
    assert heard[0] == heard[1]
    assert [(message["channel"], message["from"], message["text"]) for message in heard[0]] == [
        ("public", "plain", "one"), ("public", "plain", "two: 2")]
    assert heard[0][0]["number"] < heard[0][1]["number"]
    say(second, "psst", channel="0000FAMILY")
    assert plain.line() == b"0000FAMILYbert:psst"
    assert got(first)["channel"] == got(second)["channel"] == "family"


@pytest.mark.parametrize("extended_first", [True, False])
def test_a_room_serves_both_kinds_whoever_came_first(system: EdgeSystem, one: Edge, extended_first: bool) -> None:
    world = system.world()
    if extended_first:
        extended, plain = join(system, one, ";", "anna", world), system.join(one, "plain", world)
    else:
        plain, extended = system.join(one, "plain", world), join(system, one, ";", "anna", world)
    say(extended, "hello")
    assert plain.line() == b"0000PUBLICanna:hello"
    assert got(extended)["text"] == "hello"


def test_the_last_messages_on_joining(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    plain = system.join(one, "plain", world)
    say(plain, *map(str, range(8)))
    plain.lines(8)
    late = [join(system, edge, f";last={count}", "late", world) for edge, count in
            ((one, 3), (two, 5), (two, 2), (one, 100), (one, 0))]
    say(plain, "end")
    assert [texts(client, count + 1) for client, count in zip(late, (3, 5, 2, 5, 0), strict=True)] == [
        [*map(str, range(8 - count, 8)), "end"] for count in (3, 5, 2, 5, 0)]


def test_who_comes_back_gets_what_it_missed(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    plain, anna = system.join(one, "plain", world), join(system, one, ";", "anna", world)
    say(plain, "seen")
    number = got(anna)["number"]
    anna.close()
    say(plain, "missed 1", "missed 2")
    plain.lines(3)
    for edge in (one, two):
        back = join(system, edge, f";after={number}", "anna", world)
        assert texts(back, 2) == ["missed 1", "missed 2"]
    say(plain, "now")
    assert got(back)["text"] == "now"


def test_who_missed_too_much_is_told(system: EdgeSystem, one: Edge, two: Edge) -> None:
    first = system.join(one, "first", system.world())
    say(first, "stays")  # a number before the first one of the stream is a gap in every channel
    first.lines(1)
    world = system.world()
    plain, anna = system.join(one, "plain", world), join(system, one, ";", "anna", world)
    say(plain, "seen")
    number = got(anna)["number"]
    anna.close()
    say(plain, *map(str, range(30)))
    plain.lines(31)
    for edge in (one, two):
        back = join(system, edge, f";after={number}", "anna", world)
        assert got(back, "0000000GAP") == {"channel": "public", "after": number}
        assert texts(back, 5) == ["25", "26", "27", "28", "29"]
    future = join(system, two, ";after=999999999", "anna", world)
    lines = [line or b"" for line in future.lines(7)]
    gaps = [orjson.loads(line[10:])["channel"] for line in lines if line.startswith(b"0000000GAP")]
    assert sorted(gaps) == ["private", "public"]


def test_nothing_is_lost_while_nats_is_away(system: EdgeSystem, nats: Client) -> None:
    edge = system.edge()
    world = system.world()
    anna = join(system, edge, ";", "anna", world)
    say(anna, "before")
    assert got(anna)["text"] == "before"
    system.nats.kill()
    system.nats.start()
    assert nats.wait_connected(10)
    wait_for(lambda: _said(nats, world, "meanwhile"))  # perhaps before the edge is back
    heard = ""
    while heard != "meanwhile":
        line = anna.line()
        assert line is not None
        heard = orjson.loads(line[10:]).get("text", "")


def _said(nats: Client, world: str, text: str) -> bool:
    nats.publish(subjects.public_chat(world), payload=f"game:{text}".encode())
    nats.flush()
    return bool(JetStream(nats, 2).state("CHAT", subjects.public_chat(world))["subjects"].values())


def test_announcements_are_for_those_who_asked(system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    plain, deaf, eager = (system.join(one, "plain", world), join(system, one, ";", "deaf", world),
                          join(system, one, ";system=1;future=x", "eager", world))
    wait_for(lambda: one.metric("edge_followed_channels") >= 4)
    nats.publish(subjects.system_chat(world), payload=b":The server: stops")
    nats.flush()
    assert (found := got(eager))["text"] == "The server: stops"
    assert (found["channel"], found["from"]) == ("system", "")
    assert plain.silent(0.1)
    assert deaf.silent(0.1)


def test_private_messages_reach_one_player(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    anna, bert, carl = (join(system, edge, ";", name, world) for edge, name in
                        ((one, "anna"), (two, "b.ert *"), (two, "carl")))
    elsewhere = join(system, two, ";", "b.ert *", system.world())
    say(anna, "b.ert *:psst: you", channel="000PRIVATE")
    found = got(bert)
    assert (found["channel"], found["from"], found["text"]) == ("private", "anna", "psst: you")
    assert all(client.silent(0.1) for client in (anna, carl, elsewhere))
    bert.close()
    say(anna, "b.ert *:later", channel="000PRIVATE")
    wait_for(lambda: one.metric('edge_messages_total{kind="private"}') >= 2)
    assert got(join(system, one, f";after={found['number']}", "b.ert *", world))["text"] == "later"


@pytest.mark.parametrize("line", [b"000PRIVATEbert", b"000PRIVATE:text", b"000PRIVATE"])
def test_a_private_message_to_nobody_closes(system: EdgeSystem, one: Edge, line: bytes) -> None:
    anna = join(system, one, ";", "anna", system.world())
    anna.send(line)
    assert anna.line() is None


def test_a_plain_client_may_not_speak_in_private(system: EdgeSystem, one: Edge) -> None:
    plain = system.join(one, "plain", system.world())
    plain.send(b"000PRIVATEbert:hello")
    assert plain.line() is None


@pytest.mark.parametrize("wishes", [";last=x", ";after=-1", ";last=", ";after=1234567890123456789"])
def test_wishes_that_make_no_sense_are_refused(system: EdgeSystem, one: Edge, wishes: str) -> None:
    client = system.connect(one)
    client.send(b"00REGISTER" + (system.auth.nonce("anna") + wishes).encode())
    assert client.line() is None


def test_why_a_message_is_held_back_is_told(system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    anna = join(system, one, ";", "anna", world)
    before = one.metric('edge_controls_total{kind="mute"}')
    nats.publish(subjects.chat_mute_public(world), payload=orjson.dumps(
        {"kind": "mute", "world": world, "channel": "public", "until": 5e9}))
    wait_for(lambda: one.metric('edge_controls_total{kind="mute"}') > before)
    say(anna, "hello")
    assert got(anna, "0000NOTICE") == {"reason": "muted", "until": 5e9}


def test_a_change_of_family_changes_what_is_heard(system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    anna, red, blue = (join(system, one, ";", "anna", world, "Red"), system.join(one, "red", world, "Red"),
                       system.join(one, "blue", world, "Blue"))
    before = one.metric('edge_controls_total{kind="family"}')
    nats.publish(subjects.chat_control(world), payload=orjson.dumps(
        {"world": world, "uid": "uid of anna", "fn": "Blue"}))
    wait_for(lambda: one.metric('edge_controls_total{kind="family"}') > before)
    say(red, "for red", channel="0000FAMILY")
    assert red.line() == b"0000FAMILYred:for red"
    say(blue, "for blue", channel="0000FAMILY")
    assert got(anna)["text"] == "for blue"


def test_a_later_register_may_be_of_the_other_kind(system: EdgeSystem, one: Edge) -> None:
    world = system.world()
    client = join(system, one, ";", "anna", world)
    client.send(b"00REGISTER" + system.auth.nonce("bert", world).encode(), b"0000PUBLIChello")
    assert client.line() == b"0000PUBLICbert:hello"
    client.send(b"00REGISTER" + system.auth.nonce("anna", world).encode() + b";last=1", b"0000PUBLICagain")
    assert texts(client, 2) == ["hello", "again"]


def test_followers_end_with_their_clients(system: EdgeSystem, one: Edge) -> None:
    system.close_clients()
    wait_for(lambda: one.metric("edge_followed_channels") == 0)
    assert one.metric("edge_subscriptions") == 0
