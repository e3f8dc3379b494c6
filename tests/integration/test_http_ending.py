"""How an HTTP service ends: whoever calls at that moment gets an answer."""

import http.client
import json
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from common.http_client import JsonClient, ServiceUnavailableError
from tests.support.auth import Start, processes
from tests.support.valkey import Valkey, running
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with running(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def start(tmp_path: Path, valkey: Valkey) -> Iterator[Start]:
    with processes(tmp_path, valkey.url) as start_one:
        yield start_one


def call(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    connection.request("POST", "/validate_token", '{"token": "x"}', {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert json.loads(answer.read()) == {"status": 1}
    return answer


def test_kept_and_new_connections_are_served_once_more_and_idle_ones_do_not_hold_up_the_end(start: Start) -> None:
    process = start("--http-drain-seconds=4")
    kept, idle, new = (http.client.HTTPConnection("127.0.0.1", process.port, timeout=10) for _ in range(3))
    for connection in (kept, idle):
        assert call(connection).headers["Connection"] == "keep-alive"
    begun = time.monotonic()
    ending = gevent.spawn(process.stop)
    wait_for(lambda: process.get("/readyz")[0] == 503)
    new.connect()
    gevent.sleep(0.1)  # a caller that is busy itself sends its request late
    assert call(new).headers["Connection"] == call(kept).headers["Connection"] == "close"
    assert idle.sock.recv(1) == b""
    assert ending.get() == 0
    assert '"error"' not in process.log.read_text()
    assert time.monotonic() - begun < 20
    for connection in (kept, idle, new):
        connection.close()


def test_no_call_is_lost_under_load(start: Start) -> None:
    processes = [start(), start()]
    client = JsonClient("auth", [f"http://127.0.0.1:{process.port}" for process in processes], timeout=10,
                        connections=64)
    failures: list[str] = []
    done: list[str] = []

    def work() -> None:
        while len(done) < 10_000:
            nonce = secrets.token_hex(16)
            try:
                assert client.post("/register_nonce", {"nonce": nonce, "payload": {}})["status"] == 0
            except ServiceUnavailableError as error:  # nothing is asked a second time
                failures.append(str(error))
            done.append(nonce)
            gevent.sleep(0.01)

    callers = [gevent.spawn(work) for _ in range(8)]
    try:
        wait_for(lambda: len(done) > 50)
        process = processes[0]
        assert process.stop() == 0
        assert '"error"' not in process.log.read_text()
        reached = len(done)
        wait_for(lambda: len(done) > reached + 50)
    finally:
        gevent.killall(callers)
        client.stop()
    assert failures == []


def test_a_request_under_way_is_answered(start: Start, valkey: Valkey) -> None:
    process = start("--redis-timeout=5")
    valkey.signal(signal.SIGSTOP)
    try:
        asking = gevent.spawn(process.post, "/issue_token", uid="a")
        wait_for(lambda: "redis_pending 1.0" in process.text("/metrics"))
        ending = gevent.spawn(process.stop)
        wait_for(lambda: '"draining":true' in process.text("/readyz"))
    finally:
        valkey.signal(signal.SIGCONT)
    assert asking.get()[0] == 200
    assert ending.get() == 0
