"""What a family has said stays its own: whoever takes its name later reads none of it, and who missed some is told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from common import subjects
from common.nats import Client
from tests.support.edge import ChatClient, Edge, EdgeSystem
from tests.support.edge_pair import Running, nats, one, system, two, two_edges
from tests.support.waiting import wait_for

CHANGES = 'edge_controls_total{kind="family"}'


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    yield from two_edges(EdgeSystem(jetstream=True), "--message-burst=1000", "--messages-per-second=1000")


def moment() -> str:
    """Return the time in the form that game logic uses."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


def join(system: EdgeSystem, edge: Edge, name: str, world: str, family: str, since: str = "2020-01-01T00:00:00.000",
         wishes: str = ";") -> ChatClient:
    return system.connect(edge).register(system.auth.nonce(name, world, family, since) + wishes)


def move(nats: Client, edges: list[Edge], world: str, name: str, **family: str) -> None:
    """Tell the edges of a player's family, and wait until they know."""
    before = [edge.metric(CHANGES) for edge in edges]
    nats.publish(subjects.chat_control(world), payload=orjson.dumps(
        {"world": world, "uid": f"uid of {name}", "time": moment(), **family}))
    wait_for(lambda: all(edge.metric(CHANGES) > count for edge, count in zip(edges, before, strict=True)))


def say(client: ChatClient, *texts: str) -> None:
    client.send(*(f"0000FAMILY{text}".encode() for text in texts))


def got(client: ChatClient) -> dict[str, Any]:
    line = client.line()
    assert line is not None
    return {"command": line[:10].strip(b"0").decode(), **orjson.loads(line[10:])}


def texts(client: ChatClient, count: int) -> list[str]:
    return [str(got(client).get("text", "a gap")) for _ in range(count)]


def test_who_takes_the_name_of_a_family_reads_nothing_that_was_said_under_it_before(
        system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    ada = join(system, one, "ada", world, "Red")
    say(ada, "secret 1", "secret 2")
    number, _ = (got(ada)["number"] for _ in range(2))
    since = moment()
    move(nats, [one, two], world, "ada", fn="Blue", fid="id of Red", since=since)
    strangers = [join(system, edge, f"stranger {place}", world, "Red", since, wishes) for place, (edge, wishes) in
                 enumerate(((one, ";last=20"), (two, ";last=20"), (system.edge(), ";last=20"), (two, ";after=0"),
                            (two, f";after-family={number - 1}")))]
    say(strangers[0], "our own")
    assert [texts(stranger, 1) for stranger in strangers[:3]] == [["our own"]] * 3
    assert [texts(stranger, 2) for stranger in strangers[3:]] == [["a gap", "our own"]] * 2
    strangers[0].send(b"0000REPORTfamily:%d" % number)
    assert got(strangers[0])["result"] == "unknown"
    assert all(stranger.silent(0.1) for stranger in strangers)


def test_who_was_away_while_the_family_took_another_name_is_told_of_what_is_missing(
        system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    ada, bert = join(system, one, "ada", world, "Red"), join(system, two, "bert", world, "Red")
    say(ada, "heard")
    number = got(bert)["number"]
    bert.close()
    say(ada, "missed")
    assert texts(ada, 2) == ["heard", "missed"]
    since = moment()
    move(nats, [one, two], world, "ada", fn="Blue", fid="id of Red", since=since)
    say(ada, "under the new name")
    seen = got(ada)["number"]
    for edge in (one, two):
        back = join(system, edge, "bert", world, "Blue", since, f";after-family={number}")
        assert got(back) == {"command": "GAP", "channel": "family", "after": number}
        assert texts(back, 1) == ["under the new name"]
    say(ada, "later")
    again = join(system, two, "bert", world, "Blue", since, f";after-family={seen}")
    assert texts(again, 1) == ["later"], "all of it came after that number, so there is no gap"


def test_who_comes_into_a_family_with_a_name_that_was_used_before_hears_only_this_family(
        system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    old = join(system, one, "old", world, "Blue")
    say(old, "of the first Blue")
    assert texts(old, 1) == ["of the first Blue"]
    carl = join(system, one, "carl", world, "Red", wishes=";last=9")
    since = moment()
    move(nats, [one], world, "old", fn="", fid="", since="")
    ada = join(system, one, "ada", world, "Blue", since)
    say(ada, "of the second Blue")
    assert texts(ada, 1) == ["of the second Blue"]
    move(nats, [one], world, "carl", fn="Blue", fid="f2", since=since)
    say(ada, "welcome")
    assert texts(carl, 2) == ["of the second Blue", "welcome"]


def test_where_it_is_not_known_since_when_a_family_has_its_name_nothing_of_before_is_given(
        system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    ada = join(system, one, "ada", world, "Red")
    say(ada, "before")
    assert texts(ada, 1) == ["before"]
    bert = join(system, one, "bert", world, "Red", since="", wishes=";last=9")
    carl = join(system, one, "carl", world, "Blue", wishes=";last=9")
    move(nats, [one], world, "carl", fn="Red")  # as workers of a former version tell it
    say(ada, "now")
    assert [texts(client, 1) for client in (bert, carl)] == [["now"]] * 2


def test_a_time_that_is_none_is_told_and_changes_nothing(system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    before = one.metric('edge_controls_total{kind="unreadable"}')
    ada = join(system, one, "ada", world, "Red")
    nats.publish(subjects.chat_control(world), payload=orjson.dumps(
        {"world": world, "uid": "uid of ada", "fn": "Blue", "since": "yesterday"}))
    wait_for(lambda: one.metric('edge_controls_total{kind="unreadable"}') > before)
    say(ada, "still here")
    assert texts(ada, 1) == ["still here"]
