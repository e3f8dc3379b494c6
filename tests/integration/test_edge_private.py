"""Private messages go to a player, whatever the name; a new name reaches players who are connected."""

import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from common import subjects
from common.nats import Client
from tests.support.edge import ChatClient, Edge, EdgeSystem
from tests.support.edge_pair import Running, nats, one, system, two, two_edges
from tests.support.waiting import wait_for

OPTIONS = ("--message-burst=100", "--presence-pause-seconds=0.1")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    yield from two_edges(EdgeSystem(jetstream=True), *OPTIONS)


def join(system: EdgeSystem, edge: Edge, name: str, world: str, wishes: str = "", uid: str = "",
         family: str = "") -> ChatClient:
    """Return a client with the extension."""
    return system.connect(edge).register(system.auth.nonce(name, world, family, uid=uid) + ";" + wishes)


def got(client: ChatClient, command: bytes = b"000MESSAGE") -> dict[str, Any]:
    line = client.line()
    assert line is not None
    assert line.startswith(command), line
    found: dict[str, Any] = orjson.loads(line[10:])
    return found


def whisper(client: ChatClient, to: str, text: str) -> None:
    client.send(f"000PRIVATE{to}:{text}".encode())


def rename(nats: Client, edges: list[Edge], world: str, name: str, new: str, moment: str = "") -> None:
    """Do what game logic does when a player takes another name; wait until the edges know it."""
    def taken(edge: Edge) -> float:
        return sum(edge.metric(f'edge_controls_total{{kind="{kind}"}}') for kind in ("name", "overtaken"))

    before = [taken(edge) for edge in edges]
    nats.publish(subjects.chat_control(world), payload=orjson.dumps(
        {"kind": "name", "world": world, "uid": f"uid of {name}", "gn": new, "time": moment}))
    wait_for(lambda: all(taken(edge) > then for edge, then in zip(edges, before, strict=True)))


def test_names_that_differ_in_case_alone_are_one(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    ada, bert = join(system, one, "Ada", world), join(system, two, "bert", world)
    for name in ("Ada", "aDA", "ADA"):
        whisper(bert, name, name)
        assert (found := got(ada))["text"] == name
        assert (found["channel"], found["from"]) == ("private", "bert")


def test_a_connected_player_goes_by_the_new_name_and_is_found_under_it(
        system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    ada, again, bert = (join(system, edge, name, world) for edge, name in ((one, "ada"), (two, "ada"), (two, "bert")))
    plain, ticket = system.join(one, "ada", world), system.auth.nonce("ada", world)
    whisper(bert, "ada", "before")
    assert got(ada)["text"] == got(again)["text"] == "before"
    system.auth.nonce("Zoe", world, uid="uid of ada")
    rename(nats, [one, two], world, "ada", "Zoe")
    for edge, client in ((one, ada), (two, again), (one, plain), (two, system.connect(two).register(ticket))):
        client.send(b"0000PUBLICfrom %d" % edge.port)
        assert got(bert)["from"] == "Zoe", "also of who comes with an older ticket"
    for client in (ada, again):
        assert [got(client)["text"] for _ in range(4)]
    whisper(bert, "zoe", "after")
    assert got(ada)["text"] == got(again)["text"] == "after"


def test_an_older_name_that_comes_late_changes_nothing(system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    ada = system.join(one, "ada", world)
    rename(nats, [one], world, "ada", "Zoe", "2026-01-01T00:00:02.000")
    rename(nats, [one], world, "ada", "Yve", "2026-01-01T00:00:01.000")
    ada.send(b"0000PUBLICme")
    assert ada.line() == b"0000PUBLICZoe:me"


def test_an_edge_that_starts_later_knows_the_new_name(system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    ticket = system.auth.nonce("ada", world)
    rename(nats, [one], world, "ada", "Zoe")
    late = system.connect(system.edge(*OPTIONS)).register(ticket)
    late.send(b"0000PUBLICme")
    assert late.line() == b"0000PUBLICZoe:me"


def test_who_takes_a_freed_name_reads_nothing_of_the_old_owner(
        system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    ada, bert = join(system, one, "ada", world), join(system, two, "bert", world)
    whisper(bert, "ada", "secret")
    assert got(ada)["text"] == "secret"
    system.auth.nonce("zoe", world, uid="uid of ada")
    rename(nats, [one, two], world, "ada", "zoe")
    heir = join(system, one, "ada", world, "last=20", uid="uid of the heir")
    whisper(bert, "ada", "to the heir")
    whisper(bert, "zoe", "to the old one")
    assert got(heir)["text"] == "to the heir"
    assert got(ada)["text"] == "to the old one"
    assert heir.silent(0.2)
    back = join(system, two, "zoe", world, "last=20", uid="uid of ada")
    assert [got(back)["text"] for _ in range(2)] == ["secret", "to the old one"]


def test_a_new_name_is_told_to_those_who_look_who_is_online(
        system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    ada = join(system, one, "ada", world, family="Red")
    bert = join(system, two, "bert", world, "online=1", family="Red")
    known: list[str] = []
    while "ada" not in known:
        line = got(bert, b"0000ONLINE")
        known += line["members"] if "members" in line else line["joined"]
    rename(nats, [one, two], world, "ada", "Zoe")
    assert got(bert, b"0000ONLINE") == {"family": "Red", "joined": ["Zoe"], "left": ["ada"]}
    ada.send(b"0000ONLINE")
    assert got(ada, b"0000ONLINE")["members"] == ["Zoe", "bert"]


def test_a_name_that_nobody_has_is_told_to_who_speaks_and_to_nobody_else(
        system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    heard: list[str] = []
    nats.subscribe(f"chat.{subjects.encode(world)}.>", callback=lambda message: heard.append(message.subject))
    nats.flush()
    ada = join(system, one, "ada", world)
    for name in ("nobody", "no.body > *", "*"):
        whisper(ada, name, "hello")
        assert got(ada, b"0000NOTICE") == {"reason": "unknown", "to": name}
    ada.send(b"0000PUBLICend")
    assert got(ada)["text"] == "end"
    assert heard == [subjects.public_chat(world)]


def test_without_workers_it_is_unavailable_at_once(system: EdgeSystem) -> None:
    edge = system.edge("--names-subject=names.without.workers", "--name-seconds=20")
    world = system.world()
    ada = join(system, edge, "ada", world)
    whisper(ada, "bert", "hello")
    begun = time.monotonic()
    assert got(ada, b"0000NOTICE") == {"reason": "unavailable", "to": "bert"}
    assert time.monotonic() - begun < 10


def test_workers_that_do_not_answer_hold_up_only_who_speaks_to_a_name_and_not_for_long(
        system: EdgeSystem, nats: Client) -> None:
    asked: list[bytes] = []
    nats.subscribe("names.frozen", queue="workers", callback=lambda message: asked.append(message.payload))
    nats.flush()
    edge = system.edge("--names-subject=names.frozen", "--name-seconds=1", "--name-questions=2", *OPTIONS)
    world = system.world()
    speakers = [join(system, edge, f"ada {number}", world) for number in range(3)]
    other = system.join(edge, "bert", world)
    for number, speaker in enumerate(speakers[:2]):
        whisper(speaker, f"friend {number}", "hello")
    wait_for(lambda: len(asked) == 2)
    whisper(speakers[2], "friend 2", "hello")
    assert got(speakers[2], b"0000NOTICE") == {"reason": "unavailable", "to": "friend 2"}, "two at once, and no more"
    begun = time.monotonic()
    other.send(b"0000PUBLICI wait for nobody")
    assert other.line() == b"0000PUBLICbert:I wait for nobody"
    assert time.monotonic() - begun < 1
    for number, speaker in enumerate(speakers[:2]):
        answers = [speaker.line() or b"" for _ in range(2)]
        assert any(f'"unavailable","to":"friend {number}"'.encode() in line for line in answers)
    assert len(asked) == 4, "each twice"


def test_names_that_nobody_has_share_one_rate(system: EdgeSystem, one: Edge) -> None:
    """The burst is 100 for a player's private messages together, not for each name."""
    ada = join(system, one, "ada", system.world())
    ada.send(*(b"000PRIVATEnobody %d:hi" % number for number in range(130)), b"000000EXIT")
    reasons = [orjson.loads(line[10:])["reason"] for line in iter(ada.line, None) if line]
    assert set(reasons) == {"unknown", "too many"}
    assert reasons.count("too many") == 1, "the rest of the row is not told of"
    assert 100 <= reasons.count("unknown") < 130
