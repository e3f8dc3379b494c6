"""Who of a family is online, with edges as processes: two of them, one that is killed, and NATS that is away."""

import signal
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

PAUSE = 0.1
FAST = (f"--presence-pause-seconds={PAUSE}", "--presence-ghost-seconds=3", "--message-burst=100")
SLOW_GHOSTS = (f"--presence-pause-seconds={PAUSE}", "--presence-ghost-seconds=60")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    yield from two_edges(EdgeSystem(jetstream=True), *FAST)


def join(system: EdgeSystem, edge: Edge, name: str, world: str, family: str = "Red",
         wishes: str = ";online=1") -> ChatClient:
    return system.connect(edge).register(system.auth.nonce(name, world, family) + wishes)


def told(client: ChatClient) -> dict[str, Any]:
    line = client.line()
    assert line is not None
    assert line.startswith(b"0000ONLINE"), line
    found: dict[str, Any] = orjson.loads(line[10:])
    return found


def follow(client: ChatClient, *names: str, family: str = "Red") -> None:
    """Read until the client knows exactly these to be online."""
    known: set[str] = set()
    while known != set(names):
        line = told(client)
        assert line["family"] == family
        known = set(line["members"]) if "members" in line else (known | {*line["joined"]}) - {*line["left"]}


def move(nats: Client, world: str, name: str, family: str) -> None:
    """Do what game logic does when a family of a player changes."""
    nats.publish(subjects.chat_control(world), payload=orjson.dumps(
        {"world": world, "uid": f"uid of {name}", "fn": family}))
    nats.flush()


def test_who_is_online_on_both_edges_and_who_comes_and_goes(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    plain, elsewhere = system.join(two, "plain", world, "Red"), system.join(two, "blue", world, "Blue")
    anna = join(system, one, "anna", world)
    assert told(anna) == {"family": "Red", "members": ["anna", "plain"]}
    bert = join(system, two, "b.ert *", world)
    assert told(bert) == {"family": "Red", "members": ["anna", "b.ert *", "plain"]}
    assert told(anna) == {"family": "Red", "joined": ["b.ert *"], "left": []}
    plain.send(b"000000EXIT")
    for client in (anna, bert):
        assert told(client) == {"family": "Red", "joined": [], "left": ["plain"]}
    bert.close()
    assert told(anna) == {"family": "Red", "joined": [], "left": ["b.ert *"]}
    assert elsewhere.silent(0.1)


def test_plain_clients_and_those_who_did_not_ask_notice_nothing(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    plain, extended = system.join(one, "plain", world, "Red"), join(system, one, "anna", world, wishes=";online=0")
    listener = join(system, two, "bert", world)
    follow(listener, "plain", "anna", "bert")
    system.join(two, "carl", world, "Red")
    assert told(listener)["joined"] == ["carl"]
    assert plain.silent()
    assert extended.silent(0.1)
    plain.send(b"0000ONLINE")
    assert plain.line() is None, "it is no command of the plain protocol"


def test_who_asks_is_told_once(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    system.join(two, "plain", world, "Red")
    anna = join(system, one, "anna", world, wishes=";")
    anna.send(b"0000ONLINE")
    assert told(anna) == {"family": "Red", "members": ["anna", "plain"]}
    system.join(two, "carl", world, "Red")
    assert anna.silent(6 * PAUSE)
    anna.send(b"0000ONLINE")
    assert told(anna) == {"family": "Red", "members": ["anna", "carl", "plain"]}


def test_without_a_family_nobody_is_online(system: EdgeSystem, one: Edge) -> None:
    world = system.world()
    anna = join(system, one, "anna", world, "")
    assert told(anna) == {"family": "", "members": []}
    anna.send(b"0000ONLINE")
    assert told(anna) == {"family": "", "members": []}


def test_a_player_with_two_sessions_goes_with_the_last_one(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    anna = join(system, one, "anna", world)
    first, second = (system.join(edge, "bert", world, "Red") for edge in (one, two))
    follow(anna, "anna", "bert")
    first.close()
    assert anna.silent(6 * PAUSE)
    second.close()
    assert told(anna)["left"] == ["bert"]


def test_a_quick_reconnection_is_no_news(system: EdgeSystem, one: Edge) -> None:
    edge = system.edge("--presence-pause-seconds=1")
    world = system.world()
    anna, bert = join(system, edge, "anna", world), system.join(one, "bert", world, "Red")
    follow(anna, "anna", "bert")
    bert.close()
    system.join(edge, "bert", world, "Red")
    assert anna.silent(2.5)


def test_an_edge_that_is_killed_leaves_no_ghosts_for_longer_than_the_option(system: EdgeSystem, one: Edge) -> None:
    doomed = system.edge(*FAST)
    world = system.world()
    anna, _ = join(system, one, "anna", world), system.join(doomed, "bert", world, "Red")
    follow(anna, "anna", "bert")
    kill(system, doomed)
    begun = time.monotonic()
    assert anna.silent(1), "it is not known at once that it is dead"
    assert told(anna) == {"family": "Red", "joined": [], "left": ["bert"]}
    assert time.monotonic() - begun < 15
    system.join(one, "bert", world, "Red")
    assert told(anna)["joined"] == ["bert"]


def kill(system: EdgeSystem, edge: Edge) -> None:
    edge.process.send_signal(signal.SIGKILL)
    edge.process.wait()
    edge.stop()
    system._edges.remove(edge)


def test_an_edge_that_stops_takes_its_players_with_it_at_once(system: EdgeSystem) -> None:
    stays, stops = system.edge(*SLOW_GHOSTS), system.edge(*SLOW_GHOSTS)
    world = system.world()
    anna, _ = join(system, stays, "anna", world), system.join(stops, "bert", world, "Red")
    follow(anna, "anna", "bert")
    assert stops.stop() == 0
    assert told(anna)["left"] == ["bert"]


def test_who_is_kicked_vanishes_at_once_and_is_told_so(system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    anna, bert, carl = (join(system, edge, name, world) for edge, name in
                        ((one, "anna"), (two, "bert"), (two, "carl")))
    for client in (anna, bert, carl):
        follow(client, "anna", "bert", "carl")
    move(nats, world, "bert", "")
    begun = time.monotonic()
    for client in (anna, carl):
        assert told(client) == {"family": "Red", "joined": [], "left": ["bert"]}
    assert told(bert) == {"family": "", "members": []}
    assert time.monotonic() - begun < 3
    assert all(client.silent(6 * PAUSE) for client in (anna, bert, carl))


def test_a_ghost_that_is_kicked_vanishes_at_once(system: EdgeSystem, nats: Client) -> None:
    stays, dies = system.edge(*SLOW_GHOSTS), system.edge(*SLOW_GHOSTS)
    world = system.world()
    anna, _ = join(system, stays, "anna", world), system.join(dies, "bert", world, "Red")
    follow(anna, "anna", "bert")
    kill(system, dies)
    assert anna.silent(0.5)
    move(nats, world, "bert", "Blue")
    assert told(anna) == {"family": "Red", "joined": [], "left": ["bert"]}


def test_a_family_with_a_new_name_goes_on(system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    anna, bert = join(system, one, "anna", world), join(system, two, "bert", world)
    for client in (anna, bert):
        follow(client, "anna", "bert")
    for name in ("anna", "bert"):
        move(nats, world, name, "Blue > *.")
    for client in (anna, bert):
        line = told(client)
        while line["family"] == "Red":  # those who move later see the first ones go
            line = told(client)
        known = set(line["members"])
        while known != {"anna", "bert"}:
            known |= {*told(client)["joined"]}
    carl = join(system, two, "carl", world, "Blue > *.")
    assert told(carl) == {"family": "Blue > *.", "members": ["anna", "bert", "carl"]}


def test_a_later_register_counts_as_who_it_names(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    anna, changing = join(system, one, "anna", world), join(system, two, "old name", world)
    follow(anna, "anna", "old name")
    follow(changing, "anna", "old name")
    changing.send(b"00REGISTER" + system.auth.nonce("new name", world, "Red").encode())
    assert told(anna) == {"family": "Red", "joined": ["new name"], "left": ["old name"]}
    system.join(one, "carl", world, "Red")
    assert told(anna)["joined"] == ["carl"]
    assert changing.silent(6 * PAUSE), "it is a plain client now"


def test_nats_away_does_no_lasting_harm(system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    anna, bert = join(system, one, "anna", world), join(system, two, "bert", world)
    for client in (anna, bert):
        follow(client, "anna", "bert")
    system.nats.kill()
    wait_for(lambda: one.page("/readyz")[0] == 503 and two.page("/readyz")[0] == 503)
    carl = system.join(one, "carl", world, "Red")
    bert.close()
    assert_left_and_joined(anna, {"bert"}, {"carl"})
    system.nats.start()
    wait_for(lambda: one.ready() and two.ready())
    dora = join(system, two, "dora", world)
    follow(dora, "anna", "carl", "dora")
    assert told(anna)["joined"] == ["dora"]
    carl.close()
    assert told(anna)["left"] == ["carl"]


def assert_left_and_joined(client: ChatClient, left: set[str], joined: set[str]) -> None:
    while left or joined:
        line = told(client)
        assert {*line["left"]} <= left
        assert {*line["joined"]} <= joined
        left, joined = left - {*line["left"]}, joined - {*line["joined"]}


def test_only_so_many_are_told(system: EdgeSystem, two: Edge) -> None:
    edge = system.edge(*FAST, "--presence-limit=2")
    world = system.world()
    for name in ("dora", "carl", "bert"):
        system.join(two, name, world, "Red")
    assert told(join(system, edge, "anna", world)) == {"family": "Red", "members": ["anna", "bert"], "more": True}


def test_families_in_which_nobody_asks_cost_nothing(system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    heard: list[bytes] = []
    nats.subscribe(subjects.family_presence(world, "Red"), callback=lambda message: heard.append(message.payload))
    nats.flush()
    clients = [system.join(edge, name, world, "Red") for edge in (one, two) for name in ("anna", "bert", "carl")]
    for client in clients[:2]:
        client.close()
    time.sleep(1.2)  # an edge would have told its members anew by now
    nats.flush()
    assert len(heard) == 2, "each edge once, when its first member came"
    listener = join(system, one, "dora", world)
    follow(listener, "anna", "bert", "carl", "dora")


def test_nothing_of_it_is_in_the_chat_and_no_text_of_a_client_comes_there(
        system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    chat: list[str] = []
    inside: list[str] = []
    nats.subscribe("chat.>", callback=lambda message: chat.append(message.subject))
    for subject in ("presence.>", "report.>", "control.>"):
        nats.subscribe(subject, callback=lambda message: inside.append(message.subject))
    nats.flush()
    name = subjects.family_presence(world, "Red")
    anna = join(system, one, "anna", world, name)
    follow(anna, "anna", family=name)
    own = subjects.family_presence(world, name)
    anna.send(f"000PRIVATE{name}:x".encode(), b"000PRIVATE>:x", f"0000FAMILY{name}".encode(),
              f"0000ONLINE{name}".encode())
    assert {(anna.line() or b"")[:10] for _ in range(4)} == {b"000MESSAGE", b"0000ONLINE", b"0000NOTICE"}
    assert set(inside) == {own}
    assert chat == [subjects.family_chat(world, name)]


@pytest.mark.parametrize("payload", [b"", b"garbage", b"[]", b'{"edge": "x"}', b"\xff\xfe",
                                     b'{"edge": "x", "members": {"a": 5}, "watches": true, "asks": true}'])
def test_what_is_no_snapshot_is_skipped(system: EdgeSystem, nats: Client, one: Edge, payload: bytes) -> None:
    world = system.world()
    anna = join(system, one, "anna", world)
    follow(anna, "anna")
    before = one.metric('edge_presence_messages_total{kind="unreadable"}')
    nats.publish(subjects.family_presence(world, "Red"), payload=payload)
    wait_for(lambda: one.metric('edge_presence_messages_total{kind="unreadable"}') > before)
    system.join(one, "bert", world, "Red")
    assert told(anna)["joined"] == ["bert"]


def test_families_are_forgotten_with_their_last_member(system: EdgeSystem, one: Edge, two: Edge) -> None:
    system.close_clients()
    wait_for(lambda: not one.metric("edge_presence_families") and not two.metric("edge_presence_families"))
