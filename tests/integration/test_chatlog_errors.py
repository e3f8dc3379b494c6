"""The chat log and what it did not expect: it says that it does not record, and goes on."""

import gzip
import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.chatlog.entries import Entry, entry
from apps.chatlog.folder import Folder
from apps.chatlog.recorder import Pace, Recorder, Source
from apps.local.backends import Nats
from common import subjects
from common.metrics import Counter, Gauge
from common.nats import Client
from common.nats.jetstream import JetStream, Stream
from common.nats.stored import Stored
from tests.support.chat_log import ChatLog
from tests.support.waiting import wait_for

WRITTEN = Counter("test_chatlog_written_total", "For this test")
PENDING = Gauge("test_chatlog_pending", "For this test")
NAMES = itertools.count()


@pytest.fixture
def speaker(nats_server: Nats) -> Iterator[Client]:
    client = Client([nats_server.url], name="speaker")
    client.start()
    assert client.wait_connected(10)
    yield client
    client.close()


class Stumbling:
    """Makes entries of messages, but not at once."""

    def __init__(self) -> None:
        self.is_broken = True

    def entry(self, message: Stored) -> Entry:
        if self.is_broken:
            raise LookupError("nobody expected this")
        return entry(message)


def test_an_error_that_nobody_expects_is_told_and_the_log_goes_on(
        speaker: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stumbling = Stumbling()
    name = f"ERRORS_{next(NAMES)}"
    source = Source("a test", Stream(name, (f"{name}.>",)), "log", stumbling.entry, WRITTEN, PENDING)
    recorder = Recorder(JetStream(speaker, 2), source, Folder(tmp_path, 10), Pace(10, 0.01, 0.02, 1, 1), keep_days=0,
                        now=lambda: datetime.now(UTC), clock=time.monotonic)
    recorder.start()
    try:
        wait_for(lambda: works(recorder))
        speaker.publish(f"{name}.s1.public", payload=b"ada:hello")
        wait_for(lambda: "nobody expected this" in caplog.text)
        assert not any(works(recorder) for _ in range(100)), "not ready again before a batch was written"
        assert caplog.text.count("Traceback") == 1
        stumbling.is_broken = False
        wait_for(lambda: works(recorder))
        assert list(tmp_path.glob("s1/*.jsonl.gz"))
    finally:
        recorder.stop()


def works(recorder: Recorder) -> bool:
    try:
        return bool(recorder.probe())
    except RuntimeError:
        return False


def test_a_piece_that_holds_no_lines_of_the_log_does_not_end_it(own_nats_server: Nats, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    (folder / "s1").mkdir(parents=True)
    file = folder / "s1" / f"{datetime.now(UTC):%Y-%m-%d}.jsonl.gz"
    file.write_bytes(gzip.compress(b'not JSON\n[]\n{"text": "without a number"}\n'))
    log = ChatLog(own_nats_server.url, folder)
    client = Client([own_nats_server.url], name="speaker")
    client.start()
    try:
        wait_for(log.start().ready)
        client.publish(subjects.public_chat("s1"), payload=b"ada:hello")
        wait_for(lambda: b'"hello"' in gzip.decompress(file.read_bytes()))
        assert "chatlog_unreadable_lines_total 3.0" in log.page("metrics")
    finally:
        log.end()
        client.close()
