"""Streams on a NATS server whose storage is nearly all reserved."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from apps.local.ports import free_port
from common.nats import Client
from common.nats.errors import JetStreamError
from common.nats.jetstream import JetStream, Stream
from tests.support.edge import NATS_SERVER

MEGABYTE = 1024**2


@pytest.fixture
def jetstream(tmp_path: Path) -> Iterator[JetStream]:
    port, configuration = free_port(), tmp_path / "nats.conf"
    configuration.write_text(f'listen: "127.0.0.1:{port}"\n'
                             f'jetstream {{ store_dir: "{tmp_path}/store", max_file_store: 20MB }}\n')
    with subprocess.Popen([NATS_SERVER, "-c", str(configuration)], stderr=subprocess.DEVNULL) as server:
        try:
            with closing(Client([f"nats://127.0.0.1:{port}"], name="test")) as client:
                client.start()
                assert client.wait_connected(10)
                yield JetStream(client, 5)
        finally:
            server.kill()


def test_a_stream_that_exists_is_kept_although_another_one_like_it_would_not_fit(jetstream: JetStream) -> None:
    stream = Stream("CHAT", ("chat.>",), size=12 * MEGABYTE)
    other = Stream("REPORTS", ("report.>",), size=4 * MEGABYTE)
    for _ in range(2):
        jetstream.keep(stream)
        jetstream.keep(other)
    jetstream.keep(replace(stream, size=15 * MEGABYTE))


def test_a_stream_that_does_not_fit_is_refused(jetstream: JetStream) -> None:
    stream = Stream("CHAT", ("chat.>",), size=12 * MEGABYTE)
    jetstream.keep(stream)
    with pytest.raises(JetStreamError, match="storage"):
        jetstream.keep(replace(stream, name="MORE", subjects=("more",)))
    with pytest.raises(JetStreamError, match="storage"):
        jetstream.keep(replace(stream, size=25 * MEGABYTE))
