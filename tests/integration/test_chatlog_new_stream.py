"""JetStream has lost what the chat log reads, and numbers begin anew: nothing that was said since then is missing."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.local.backends import Nats
from common import subjects
from common.nats import Client
from common.nats.chat_stream import chat_stream, report_stream
from common.nats.errors import NATSError
from common.nats.jetstream import JetStream
from common.process_settings import ChatReportSettings, ChatStreamSettings
from tests.support.chat_log import ChatLog
from tests.support.waiting import wait_for

CHAT, REPORTS = chat_stream(ChatStreamSettings()), report_stream(ChatReportSettings(), 1)


@pytest.fixture
def log(own_nats_server: Nats, tmp_path: Path) -> Iterator[ChatLog]:
    found = ChatLog(own_nats_server.url, tmp_path / "log", "--report-wait-seconds=0")
    yield found
    found.end(signal.SIGKILL)


@pytest.fixture
def nats(own_nats_server: Nats) -> Iterator[Client]:
    client = Client([own_nats_server.url], name="speaker")
    client.start()
    assert client.wait_connected(10)
    yield client
    client.close()


def say(nats: Client, *texts: str) -> None:
    for text in texts:
        nats.publish(subjects.public_chat("s1"), payload=f"ada:{text}".encode())
        nats.publish(subjects.chat_report("s1", "u1", text), payload=text.encode())
    nats.flush()


def lose(nats: Client) -> None:
    for stream in (CHAT, REPORTS):
        JetStream(nats, 2).delete(stream.name)


def is_empty(nats: Client) -> bool:
    """Whether somebody has made the streams anew."""
    try:
        return all(JetStream(nats, 2).state(stream.name, ">")["last_seq"] == 0 for stream in (CHAT, REPORTS))
    except NATSError:
        return False


def reported(log: ChatLog) -> list[str]:
    return [str(line["unreadable"]) for line in log.reports("s1")]


def has(log: ChatLog, *texts: str) -> None:
    """All of these are in the log and in the reports, once and in their order."""
    wait_for(lambda: log.texts("s1") == [*texts])
    wait_for(lambda: reported(log) == [*texts])


def test_a_stream_that_is_lost_while_the_log_runs(log: ChatLog, nats: Client) -> None:
    wait_for(log.start().ready)
    said: list[str] = []
    for name in "abc":
        texts = [f"{name}{number}" for number in range(5)]
        said += texts
        say(nats, *texts)
        has(log, *said)
        lose(nats)
        wait_for(lambda: is_empty(nats))


def test_a_stream_that_is_lost_while_the_log_is_down(log: ChatLog, nats: Client) -> None:
    wait_for(log.start().ready)
    say(nats, "one", "two", "three")
    has(log, "one", "two", "three")
    log.end()
    lose(nats)
    for stream in (CHAT, REPORTS):
        JetStream(nats, 2).keep(stream)
    say(nats, "four", "five", "six", "seven")
    log.start()
    has(log, "one", "two", "three", "four", "five", "six", "seven")
    say(nats, "eight")
    has(log, "one", "two", "three", "four", "five", "six", "seven", "eight")
