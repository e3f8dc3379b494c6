"""The operations pages, and what a port scanner makes of them."""

import json
import logging
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from common.health import Health
from common.ops import OpsServer


class AwayError(Exception):
    """The dependency does not answer."""


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def port(health: Health) -> Iterator[int]:
    server = OpsServer(("127.0.0.1", 0), health)
    server.start()
    yield server.port
    server.stop()


def get(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_ready_when_every_dependency_is(port: int, health: Health) -> None:
    health.add("redis", lambda: "answers")
    assert get(port, "/readyz")[0] == 503
    health.probe_all()
    status, body = get(port, "/readyz")
    assert (status, json.loads(body)["checks"]["redis"]["detail"]) == (200, "answers")


def test_a_dependency_that_is_away_is_named(port: int, health: Health) -> None:
    def fail() -> str:
        raise AwayError("no route")

    health.add("mysql", fail)
    health.probe_all()
    status, body = get(port, "/readyz")
    assert status == 503
    assert "no route" in json.loads(body)["checks"]["mysql"]["detail"]
    assert get(port, "/livez")[0] == 200


def test_draining_is_not_ready(port: int, health: Health) -> None:
    assert get(port, "/readyz")[0] == 200
    health.drain()
    assert get(port, "/readyz")[0] == 503


def test_metrics_and_unknown_pages(port: int) -> None:
    assert b"python_info" in get(port, "/metrics")[1]
    assert get(port, "/nothing")[0] == 404


def test_garbage_fills_no_log(port: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for line in (b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"x" * 20_000 + b"\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), 5) as peer:
                peer.sendall(line)
                peer.shutdown(socket.SHUT_WR)
                try:
                    while peer.recv(65536):
                        pass
                except ConnectionResetError:
                    continue
        assert get(port, "/livez")[0] == 200
    assert not caplog.records
