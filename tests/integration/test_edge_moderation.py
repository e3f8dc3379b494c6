"""Families that change while their members chat, mutes and word lists, with real edges on a real NATS server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from common import subjects
from common.nats import Client
from tests.support.edge import ChatClient, Edge, EdgeSystem
from tests.support.edge_pair import Running, nats, one, system, two
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The word lists of the edges."""
    return tmp_path_factory.mktemp("words")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Running]:
    (folder / "en.txt").write_text("darn\n")
    system = EdgeSystem()
    try:
        system.start()
        yield (system, system.edge(f"--words={folder}", "--words-seconds=0.1", "--message-burst=5"),
               system.edge(f"--words={folder}", "--filter-mode=refuse"))
    finally:
        system.stop()


def tell(nats: Client, edges: list[Edge], world: str, **fields: Any) -> None:
    """Publish a control message and wait until the edges have taken it."""
    before = [taken(edge) for edge in edges]
    nats.publish(subjects.chat_control(world), payload=orjson.dumps({"world": world, **fields}))
    wait_for(lambda: all(taken(edge) > count for edge, count in zip(edges, before, strict=True)))


def taken(edge: Edge) -> float:
    kinds = ("family", "name", "mute", "overtaken", "unreadable", "unknown")
    return sum(edge.metric(f'edge_controls_total{{kind="{kind}"}}') for kind in kinds)


def changed(nats: Client, edges: list[Edge], world: str, name: str, family: str) -> None:
    tell(nats, edges, world, uid=f"uid of {name}", fn=family)


def hear(client: ChatClient, *lines: str) -> None:
    assert client.lines(len(lines)) == [line.encode() for line in lines]


def test_who_is_kicked_hears_no_more_and_is_closed_when_speaking(
        system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    anna, bert = system.join(one, "anna", world, "Red"), system.join(two, "bert", world, "Red")
    changed(nats, [one, two], world, "bert", "")
    anna.send(b"0000FAMILYalone now", b"0000PUBLICall")
    hear(anna, "0000FAMILYanna:alone now", "0000PUBLICanna:all")
    hear(bert, "0000PUBLICanna:all")
    bert.send(b"0000FAMILYlet me in")
    assert bert.line() is None
    assert anna.silent(0.1)


def test_who_joins_hears_and_speaks_without_a_new_session(
        system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    anna, bert = system.join(one, "anna", world, "Re.d"), system.join(two, "bert", world)
    changed(nats, [one, two], world, "bert", "Re.d")
    bert.send(b"0000FAMILYhere I am")
    hear(anna, "0000FAMILYbert:here I am")
    hear(bert, "0000FAMILYbert:here I am")


def test_a_renamed_family_goes_on_and_the_old_name_is_free(
        system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    anna, bert = system.join(one, "anna", world, "Red"), system.join(two, "bert", world, "Red")
    for name in ("anna", "bert"):
        changed(nats, [one, two], world, name, "Blue")
    other = system.join(one, "carl", world, "Red")
    anna.send(b"0000FAMILYblue")
    hear(anna, "0000FAMILYanna:blue")
    hear(bert, "0000FAMILYanna:blue")
    assert other.silent(0.1)


def test_a_ticket_from_before_a_kick_does_not_open_the_family(
        system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    ticket = system.auth.nonce("bert", world, "Red")
    changed(nats, [one, two], world, "bert", "")
    bert = system.connect(two).register(ticket)
    system.join(one, "anna", world, "Red").send(b"0000FAMILYpsst")
    assert bert.silent(0.2)
    bert.send(b"0000FAMILYlet me in")
    assert bert.line() is None


def test_what_was_overtaken_and_what_cannot_be_read_changes_nothing(
        system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    anna = system.join(one, "anna", world, "Red")
    tell(nats, [one], world, uid="uid of anna", fn="Blue", time="2026-01-01T00:00:02.000")
    tell(nats, [one], world, uid="uid of anna", fn="", time="2026-01-01T00:00:01.000")
    tell(nats, [one], world, uid=7)
    tell(nats, [one], world, kind="of a later version")
    anna.send(b"0000FAMILYstill here")
    hear(anna, "0000FAMILYanna:still here")


def test_a_muted_player_hears_but_is_not_heard(system: EdgeSystem, nats: Client, one: Edge, two: Edge) -> None:
    world = system.world()
    anna, bert = system.join(one, "anna", world), system.join(two, "bert", world)
    tell(nats, [one, two], world, kind="mute", uid="uid of anna", until=4e9)
    anna.send(b"0000PUBLICcan you hear me")
    bert.send(b"0000PUBLICno")
    hear(anna, "0000PUBLICbert:no")
    hear(bert, "0000PUBLICbert:no")
    tell(nats, [one, two], world, kind="mute", uid="uid of anna", until=0)
    anna.send(b"0000PUBLICnow")
    hear(bert, "0000PUBLICanna:now")


def test_a_muted_channel_is_silent(system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    anna = system.join(one, "anna", world, "Red")
    tell(nats, [one], world, kind="mute", channel="public", until=4e9)
    anna.send(b"0000PUBLICnobody", b"0000FAMILYus")
    hear(anna, "0000FAMILYanna:us")


def test_two_connections_of_a_player_share_the_rate(system: EdgeSystem, one: Edge) -> None:
    world = system.world()
    listener = system.join(one, "bert", world)
    speakers = [system.join(one, "anna", world) for _ in range(2)]
    held = 'edge_messages_moderated_total{ruling="too many"}'
    before = one.metric(held)
    for speaker in speakers:
        speaker.send(*(b"0000PUBLIC%d" % number for number in range(4)))
    wait_for(lambda: one.metric(held) > before)
    listener.send(b"0000PUBLICend")
    heard = iter(listener.line, b"0000PUBLICbert:end")
    assert len(list(heard)) <= 6


def test_what_a_player_says_through_another_edge_counts_too(system: EdgeSystem, one: Edge, two: Edge) -> None:
    """The first edge lets five messages come at once; what the other one lets through uses them up."""
    world = system.world()
    listener, here = system.join(one, "bert", world), system.join(one, "anna", world)
    there = system.join(two, "anna", world)
    there.send(*(b"0000PUBLICthere %d" % number for number in range(6)))
    hear(listener, *(f"0000PUBLICanna:there {number}" for number in range(6)))
    before = one.metric(held := 'edge_messages_moderated_total{ruling="too many"}')
    here.send(b"0000PUBLIChere")
    wait_for(lambda: one.metric(held) > before)
    assert listener.silent(0.1)


def test_words_are_masked_or_refused_and_lists_are_read_again(
        system: EdgeSystem, one: Edge, two: Edge, folder: Path) -> None:
    world = system.world()
    anna, bert = system.join(one, "anna", world), system.join(two, "bert", world)
    anna.send("0000PUBLICöh Darn".encode())
    hear(bert, "0000PUBLICanna:öh ****")
    bert.send(b"0000PUBLICdarn you", b"0000PUBLICsorry")
    hear(bert, "0000PUBLICbert:sorry")
    (folder / "zh.txt").write_text("混蛋\n", "utf-8")
    wait_for(lambda: one.metric("edge_filter_words") == 2)
    anna.send("0000PUBLIC你这混蛋".encode())
    hear(bert, "0000PUBLICanna:你这**")
