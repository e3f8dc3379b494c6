"""The chat log as a process on a real NATS server: nothing is missing, whatever is killed."""

import gzip
import signal
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.local.backends import Nats
from common import subjects
from common.nats import Client
from tests.support.chat_log import ChatLog
from tests.support.waiting import wait_for


@pytest.fixture
def log(own_nats_server: Nats, tmp_path: Path) -> Iterator[ChatLog]:
    found = ChatLog(own_nats_server.url, tmp_path / "log")
    yield found
    found.end(signal.SIGKILL)


@pytest.fixture
def speaker(own_nats_server: Nats) -> Iterator[Client]:
    client = Client([own_nats_server.url], name="speaker")
    client.start()
    assert client.wait_connected(10)
    yield client
    client.close()


def say(speaker: Client, world: str, *texts: str) -> None:
    for text in texts:
        speaker.publish(subjects.public_chat(world), payload=f"ada:{text}".encode())
    speaker.flush()


def test_what_is_said_is_logged(log: ChatLog, speaker: Client) -> None:
    wait_for(log.start().ready)
    say(speaker, "s 1", "one", "two")
    speaker.publish(subjects.family_chat("s2", "R.ed"), payload="Åsa:three: 3".encode())
    wait_for(lambda: log.texts("s 1") == ["one", "two"])
    wait_for(lambda: log.texts("s2") == ["three: 3"])
    line = log.lines("s2")[0]
    assert (line["world"], line["channel"], line["name"], line["from"]) == ("s2", "family", "R.ed", "Åsa")
    wait_for(lambda: 'chatlog_messages_total 3.0' in log.page("metrics"))  # counted after it was written
    assert log.end() == 0


def test_what_is_said_while_it_is_away_is_logged_later(log: ChatLog, speaker: Client) -> None:
    wait_for(log.start().ready)
    say(speaker, "s1", "before")
    wait_for(lambda: log.texts("s1") == ["before"])
    assert log.end() == 0
    say(speaker, "s1", "meanwhile")
    log.start()
    wait_for(lambda: log.texts("s1") == ["before", "meanwhile"])


def test_kills_leave_neither_a_hole_nor_a_second_copy(log: ChatLog, speaker: Client) -> None:
    wait_for(log.start().ready)
    said = []
    for round_number in range(4):
        said += [f"{round_number} {number}" for number in range(500)]
        say(speaker, "s1", *said[-500:])
        wait_for(lambda: log.texts("s1"))
        log.end(signal.SIGKILL)
        log.start()
    wait_for(lambda: sorted(log.texts("s1")) == sorted(said))
    assert len({line["number"] for line in log.lines("s1")}) == len(said)


def test_a_torn_end_is_mended(log: ChatLog, speaker: Client) -> None:
    wait_for(log.start().ready)
    say(speaker, "s1", "before")
    wait_for(lambda: log.texts("s1") == ["before"])
    log.end()
    [file] = log.folder.glob("s1/*")
    with file.open("ab") as end:
        end.write(gzip.compress(b'{"number": 99}\n')[:-3])
    log.start()
    say(speaker, "s1", "after")
    wait_for(lambda: log.texts("s1") == ["before", "after"])


def test_it_goes_on_after_nats_was_away(log: ChatLog, speaker: Client, own_nats_server: Nats) -> None:
    wait_for(log.start().ready)
    say(speaker, "s1", "before")
    wait_for(lambda: log.texts("s1") == ["before"])
    own_nats_server.kill()
    wait_for(lambda: not log.ready())
    own_nats_server.start()
    assert speaker.wait_connected(10)
    say(speaker, "s1", "after")
    wait_for(lambda: log.texts("s1") == ["before", "after"])
    wait_for(log.ready)


def test_a_second_one_waits_and_takes_over(log: ChatLog, speaker: Client, own_nats_server: Nats) -> None:
    wait_for(log.start().ready)
    second = ChatLog(own_nats_server.url, log.folder).start()
    try:
        wait_for(second.ready)
        assert "another process" in second.page("readyz")
        log.end()
        say(speaker, "s1", "hello")
        wait_for(lambda: second.texts("s1") == ["hello"])
    finally:
        second.end()


def test_a_disk_that_takes_nothing_is_told_and_tried_again(log: ChatLog, speaker: Client) -> None:
    log.folder.mkdir()
    (log.folder / "s1").write_text("in the way")
    wait_for(log.start().ready)
    say(speaker, "s1", "hello")
    say(speaker, "s2", "elsewhere")
    wait_for(lambda: "Error" in _unready(log))
    wait_for(lambda: log.texts("s2") == ["elsewhere"])
    (log.folder / "s1").unlink()
    wait_for(lambda: log.texts("s1") == ["hello"])
    wait_for(log.ready)


def _unready(log: ChatLog) -> str:
    try:
        return log.page("readyz")
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    except OSError:
        return ""
