"""Reports of messages: edges and a chat log as processes; evidence is neither lost nor kept twice."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import orjson
import pytest

from common import subjects
from common.nats import Client
from common.nats.jetstream import AlreadyStoredError, JetStream
from tests.support.chat_log import ChatLog
from tests.support.edge import ROOT, ChatClient, Edge, EdgeSystem
from tests.support.edge_pair import Running, nats, one, system, two, two_edges
from tests.support.waiting import wait_for

OPTIONS = ("--message-burst=100000", "--messages-per-second=100000", "--report-burst=1000")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    yield from two_edges(EdgeSystem(jetstream=True), *OPTIONS)


@pytest.fixture
def log(system: EdgeSystem, tmp_path: Path) -> Iterator[ChatLog]:
    found = ChatLog(system.nats.url, tmp_path / "log", "--report-wait-seconds=2")
    yield found
    found.end(signal.SIGKILL)


def join(system: EdgeSystem, edge: Edge, name: str, world: str, family: str = "") -> ChatClient:
    return system.connect(edge).register(system.auth.nonce(name, world, family) + ";")


def got(client: ChatClient, command: bytes) -> dict[str, Any]:
    """Return the next line with this command."""
    while True:
        line = client.line()
        assert line is not None
        if line.startswith(command):
            found: dict[str, Any] = orjson.loads(line[10:])
            return found


def say(client: ChatClient, *texts: str, channel: str = "0000PUBLIC") -> None:
    client.send(*(f"{channel}{text}".encode() for text in texts))


def numbers(client: ChatClient, count: int) -> list[int]:
    return [got(client, b"000MESSAGE")["number"] for _ in range(count)]


def report(client: ChatClient, channel: str, number: int, reason: str = "") -> str:
    client.send(f"0000REPORT{channel}:{number}{reason and ':'}{reason}".encode())
    answer = got(client, b"0000REPORT")
    assert (answer["channel"], answer["number"]) == (channel, number)
    return str(answer["result"])


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [message["text"] for message in messages]


def test_a_report_is_kept_with_what_was_said_around_it(
        system: EdgeSystem, one: Edge, two: Edge, log: ChatLog) -> None:
    wait_for(log.start().ready)
    world = system.world()
    ada, bert = join(system, one, "Åda", world, "R.ed"), join(system, two, "bert", world, "R.ed")
    say(ada, "of another channel", channel="0000PUBLIC")
    numbers(bert, 1)
    say(ada, *map(str, range(40)), channel="0000FAMILY")
    seen = numbers(bert, 40)
    assert report(bert, "family", seen[35], "so: rude") == "kept"
    assert bert.silent(0.5)  # the chat log has the report now, and waits
    say(ada, *map(str, range(40, 50)), channel="0000FAMILY")
    [kept] = wait_for(lambda: log.reports(world))
    assert (kept["world"], kept["channel"], kept["name"], kept["reported"], kept["reason"]) == (
        world, "family", "R.ed", "Åda", "so: rude")
    assert kept["reporter"] == {"uid": "uid of bert", "name": "bert"}
    assert (kept["message"]["number"], kept["message"]["from"], kept["message"]["text"]) == (seen[35], "Åda", "35")
    assert texts(kept["before"]) == [str(number) for number in range(15, 35)]
    assert texts(kept["after"]) == [str(number) for number in range(36, 46)], "four were there, six came later"
    times = [message["time"] for message in (*kept["before"], kept["message"], *kept["after"])]
    assert times == sorted(times)
    assert all(time.startswith(kept["time"][:4]) and time.endswith("Z") for time in times)
    shown = game_master(log, "--show", str(kept["number"]))
    assert "> " + f"{seen[35]}  {kept['message']['time']}  Åda: 35" in shown.splitlines()
    assert len(shown.splitlines()) == 6 + 31
    assert "bert reports Åda: 35  (so: rude)" in game_master(log, "--reported", "Åda", "--world", world)
    wait_for(lambda: "chatlog_reports_total 0.0" not in log.page("metrics"))  # counted after it was written


def game_master(log: ChatLog, *options: str) -> str:
    return subprocess.run([sys.executable, "-m", "apps.chatlog.reports", "--folder", log.folder, *options], cwd=ROOT,
                          check=True, capture_output=True, text=True).stdout


def test_the_first_message_of_a_channel_has_nothing_before_it(system: EdgeSystem, one: Edge, log: ChatLog) -> None:
    world = system.world()
    ada = join(system, one, "ada", world)
    say(ada, "hello")
    assert report(ada, "public", numbers(ada, 1)[0]) == "kept"
    log.start()
    [kept] = wait_for(lambda: log.reports(world))
    assert (kept["before"], kept["after"], kept["message"]["text"]) == ([], [], "hello")


def test_the_same_report_is_kept_once_whichever_edge_it_comes_to(
        system: EdgeSystem, one: Edge, two: Edge, log: ChatLog) -> None:
    world = system.world()
    ada, bert = join(system, one, "ada", world), join(system, two, "bert", world)
    say(ada, "hello")
    [number] = numbers(ada, 1)
    again = [join(system, edge, "ada", world) for edge in (one, two) for _ in range(3)]
    jobs = [gevent.spawn(report, client, "public", number, f"reason {place}") for place, client in enumerate(again)]
    results = [job.get() for job in jobs]
    assert sorted(results) == ["kept", *["repeated"] * 5]
    assert report(bert, "public", number) == "kept", "another player's report is another one"
    log.start()
    wait_for(lambda: len(log.reports(world)) >= 2)
    assert sorted(kept["reporter"]["name"] for kept in log.reports(world)) == ["ada", "bert"]


def test_what_is_not_there_or_not_for_this_player_cannot_be_reported(
        system: EdgeSystem, one: Edge, two: Edge) -> None:
    world = system.world()
    red, blue, alone = (join(system, one, "red", world, "Red"), join(system, two, "blue", world, "Blue"),
                        join(system, two, "alone", world))
    foreign = join(system, two, "foreign", system.world())
    say(blue, "blue talk", channel="0000FAMILY")
    say(blue, "red:psst", channel="000PRIVATE")
    say(foreign, "far away")
    [of_blue], [private], [far] = numbers(blue, 1), numbers(red, 1), numbers(foreign, 1)
    for channel in ("0000FAMILY", "0000PUBLIC"):  # what comes next in the channel is not taken for it
        say(red, "later", channel=channel)
        numbers(red, 1)
    for number in (of_blue, private, far, 0, 10**6, 2**63 - 1, 2**63, 10**19 - 1):
        assert report(red, "family", number) == "unknown", number
        assert report(red, "public", number) == "unknown", number
    say(red, "blue:later", channel="000PRIVATE")
    assert report(blue, "private", private) == "unknown", "it was not said to blue"
    assert report(alone, "family", of_blue) == "not in channel"
    assert report(blue, "family", of_blue) == "kept"
    assert report(red, "private", private) == "kept"


def test_who_left_a_family_cannot_report_its_messages(system: EdgeSystem, nats: Client, one: Edge) -> None:
    world = system.world()
    ada = join(system, one, "ada", world, "Red")
    say(ada, "hello", channel="0000FAMILY")
    [number] = numbers(ada, 1)
    before = one.metric('edge_controls_total{kind="family"}')
    nats.publish(subjects.chat_control(world), payload=orjson.dumps({"world": world, "uid": "uid of ada", "fn": ""}))
    wait_for(lambda: one.metric('edge_controls_total{kind="family"}') > before)
    assert report(ada, "family", number) == "not in channel"


@pytest.mark.parametrize("payload", [
    b"", b":", b"public", b"public:", b"public:x", b"public:-1", b"public:1.5", b"public: 1", "public:٣".encode(),
    b"public:" + b"9" * 20, b"system:1", b"chat.s1.public:1", b"other:1", b"PUBLIC:1", b"family.Blue:1", b"{}", b"1",
    b"\xff\xfe", b"public:1:\x07", b"public:1:" + b"x" * 600])
def test_what_is_no_report_closes(system: EdgeSystem, one: Edge, payload: bytes) -> None:
    ada = join(system, one, "ada", system.world(), "Red")
    ada.send(b"0000REPORT" + payload)
    assert ada.line() is None


def test_plain_clients_cannot_report(system: EdgeSystem, one: Edge) -> None:
    plain = system.join(one, "plain", system.world())
    plain.send(b"0000REPORTpublic:1")
    assert plain.line() is None


def test_nobody_else_notices_a_report(system: EdgeSystem, one: Edge) -> None:
    world = system.world()
    plain = system.join(one, "plain", world)
    ada, bert = join(system, one, "ada", world), join(system, one, "bert", world)
    say(bert, "hello")
    plain.line()
    [number], _ = numbers(ada, 1), numbers(bert, 1)
    assert report(ada, "public", number) == "kept"
    assert plain.silent(0.2)
    assert bert.silent(0.1)


def test_a_player_may_not_report_without_end(system: EdgeSystem) -> None:
    edge = system.edge("--reports-per-hour=1", "--report-burst=2")
    world = system.world()
    ada, bert = join(system, edge, "ada", world), join(system, edge, "bert", world)
    say(ada, *"abc")
    found = numbers(bert, 3)
    assert [report(bert, "public", number) for number in found] == ["kept", "kept", "too many"]
    assert report(join(system, edge, "bert", world), "public", found[2]) == "too many", "a new session changes nothing"
    assert report(ada, "public", found[2]) == "kept"


def test_private_messages_of_others_are_nobody_s_business(
        system: EdgeSystem, one: Edge, two: Edge, log: ChatLog) -> None:
    wait_for(log.start().ready)
    world = system.world()
    ada, bert, carl = (join(system, edge, name, world) for edge, name in ((one, "ada"), (two, "bert"), (two, "carl")))
    found = []
    for sender, text in ((bert, "one"), (carl, "secret 1"), (bert, "two"), (carl, "secret 2"), (bert, "three")):
        say(sender, f"ada:{text}", channel="000PRIVATE")
        found += numbers(ada, 1)
    assert report(ada, "private", found[2]) == "kept"
    say(carl, "ada:secret 3", channel="000PRIVATE")
    say(bert, "ada:four", channel="000PRIVATE")
    [kept] = wait_for(lambda: log.reports(world))
    assert (kept["channel"], kept["name"], kept["reported"]) == ("private", "uid of ada", "bert")
    assert (texts(kept["before"]), texts(kept["after"])) == (["one"], ["three", "four"])


def test_the_messages_before_are_found_however_far_back_they_are(
        system: EdgeSystem, one: Edge, log: ChatLog) -> None:
    world, noise = system.world(), system.world()
    ada, bert = join(system, one, "ada", world), join(system, one, "bert", noise)
    say(ada, *map(str, range(25)))
    numbers(ada, 25)
    for _ in range(12):
        say(bert, *["noise"] * 100)
        numbers(bert, 100)
    say(ada, "late")
    assert report(ada, "public", numbers(ada, 1)[0]) == "kept"
    log.start()
    [kept] = wait_for(lambda: log.reports(world))
    assert texts(kept["before"]) == [str(number) for number in range(5, 25)]


def test_what_was_kept_survives_whatever_dies(system: EdgeSystem, log: ChatLog) -> None:
    wait_for(log.start().ready)
    edge = system.edge(*OPTIONS)
    world = system.world()
    ada = join(system, edge, "ada", world)
    say(ada, *map(str, range(30)))
    found = numbers(ada, 30)
    kept = []
    for number in found:
        assert report(ada, "public", number) == "kept"
        kept.append(number)
        if number in (found[5], found[15]):
            log.end(signal.SIGKILL)
            log.start()
    edge.process.kill()
    edge.process.wait()
    edge.stop()
    system._edges.remove(edge)
    system.nats.kill()
    system.nats.start()
    wait_for(lambda: sorted(line["message"]["number"] for line in log.reports(world)) == kept)


def test_while_nats_is_away_the_client_is_told_and_may_come_again(system: EdgeSystem) -> None:
    edge = system.edge(*OPTIONS, "--nats-timeout=0.5")
    ada = join(system, edge, "ada", system.world())
    say(ada, "hello")
    [number] = numbers(ada, 1)
    system.nats.kill()
    wait_for(lambda: edge.page("/readyz")[0] == 503)
    assert report(ada, "public", number) == "unavailable"
    system.nats.start()
    wait_for(edge.ready)
    assert report(ada, "public", number) == "kept"


def test_a_message_that_is_stored_once_is_refused_the_second_time(system: EdgeSystem, one: Edge, nats: Client) -> None:
    jetstream = JetStream(nats, 2)
    subject = subjects.chat_report(system.world(), "u.1", "17-5")
    number = jetstream.store_once(subject, b"garbage")
    with pytest.raises(AlreadyStoredError):
        jetstream.store_once(subject, b"other")
    [stored] = jetstream.read("CHAT_REPORTS", subject, number=1, most=5, times=True)
    assert (stored.number, stored.payload) == (number, b"garbage")
    assert stored.time > 1_767_225_600 * 10**9


def test_what_is_no_report_in_the_stream_does_not_stop_the_others(
        system: EdgeSystem, one: Edge, nats: Client, log: ChatLog) -> None:
    world = system.world()
    ada = join(system, one, "ada", world)
    say(ada, "hello")
    [number] = numbers(ada, 1)
    for place, payload in enumerate((b"", b"\xff", b"[]", b'{"subject": "chat.x"}', b'{"message": {"number": "1"}}')):
        JetStream(nats, 2).store_once(subjects.chat_report(world, "x", str(place)), payload)
    assert report(ada, "public", number) == "kept"
    log.start()
    wait_for(lambda: len(log.reports(world)) == 6)
    kept = log.reports(world)
    assert ["unreadable" in line for line in kept] == [True] * 5 + [False]
    assert len(game_master(log, "--world", world).splitlines()) == 6
