"""The whole system as a user meets it: start, crash of a part, stop, start again."""

import http.client
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pymysql
import pytest
import redis

from apps.local.ports import HOST, SPAN, is_free
from tests.support.local_system import LocalSystem
from tests.support.process_tree import living, still_living
from tests.support.waiting import wait_for

KINDS = ("gate", "edge", "worker", "auth", "config", "mail")
BACKENDS = ("nats", "redis", "mysql")
SECOND_START_SECONDS = 5.0


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalSystem]:
    system = LocalSystem(tmp_path / "run", "--gates=2")
    yield system
    system.clean_up()


def status_of(url: str) -> int:
    address = urlsplit(url)
    with closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=5)) as connection:
        connection.request("GET", "/readyz")
        return connection.getresponse().status


def database(url: str) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    address = urlsplit(url)
    return pymysql.connect(host=str(address.hostname), port=address.port or 0, user=str(address.username),
                           password=unquote(str(address.password)), database=address.path[1:], connect_timeout=5)


def test_endpoints_are_complete_private_and_true(local: LocalSystem) -> None:
    endpoints = local.start().endpoints
    assert {process["name"] for process in endpoints["processes"]} == {
        *BACKENDS, "gate-0", "gate-1", "edge-0", "worker-0", "auth-0", "config-0", "mail-0"}
    assert (local.data / "endpoints.json").stat().st_mode & 0o777 == 0o600
    assert len(endpoints["gates"]) == 2
    assert (endpoints["gate"], [endpoints["edge"]]) == (endpoints["gates"][0], endpoints["edges"])
    for address in (*endpoints["gates"], endpoints["edge"]):
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=5).close()
    pages = [process["ops"] for process in endpoints["processes"] if process["name"] not in BACKENDS]
    assert [status_of(url) for url in (*pages, endpoints["auth"], endpoints["config"], endpoints["mail"])] == [200] * 10
    alive = {found.pid for found in living()}
    assert all(process["pid"] in alive for process in endpoints["processes"])
    assert "apps.client tour" in local.output


def test_stopped_and_started_again_it_is_quick_and_has_its_data(local: LocalSystem) -> None:
    first = local.start().endpoints
    with redis.Redis.from_url(first["redis"], socket_timeout=5) as client:
        client.set("kept", "value")
    with database(first["mysql"]) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (number INT)")
        cursor.execute("INSERT INTO kept VALUES (42)")
        connection.commit()
    key = (local.data / "jwt.key").read_text()
    processes = local.processes()
    assert local.stop() == 0
    assert still_living(processes) == []
    assert local.endpoints == {}

    second = local.start().endpoints
    assert local.seconds < SECOND_START_SECONDS
    with redis.Redis.from_url(second["redis"], socket_timeout=5) as client:
        assert client.get("kept") == b"value"
    with database(second["mysql"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT number FROM kept")
        assert cursor.fetchone() == (42,)
    assert (local.data / "jwt.key").read_text() == key
    assert (local.data / "jwt.key").stat().st_mode & 0o777 == 0o600


def test_what_is_killed_comes_back(local: LocalSystem) -> None:
    local.start()
    names = ("worker-0", "auth-0", "redis")
    before = {name: local.pid_of(name) for name in names}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: all(local.pid_of(name) not in (0, before[name]) for name in names), 30, "all to be back")
    assert f"worker-0 (process {before['worker-0']}) died: SIGKILL" in local.output
    pages = [process["ops"] for process in local.endpoints["processes"] if process["name"] in ("worker-0", "auth-0")]
    wait_for(lambda: [status_of(url) for url in pages] == [200, 200], 10, "all to be ready")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_signals_end_it_cleanly(local: LocalSystem, number: int) -> None:
    processes = local.start().processes()
    assert local.stop(number) == 0
    assert still_living(processes) == []
    assert "was killed" not in local.output


def test_a_signal_during_the_start_ends_it_cleanly(local: LocalSystem) -> None:
    local.launch()
    wait_for(lambda: len(local.processes()) >= 3, 30, "the first processes")
    processes = local.processes()
    assert local.stop() == 0
    assert still_living(processes) == []
    assert local.endpoints == {}


def test_a_killed_runner_leaves_nothing_behind_and_can_start_again(local: LocalSystem) -> None:
    processes = local.start().processes()
    os.kill(local.pid, signal.SIGKILL)
    local.wait()
    wait_for(lambda: not still_living(processes), 5, "the end of all processes")
    (local.data / "endpoints.json").unlink()
    local.start()


def test_a_second_run_on_the_same_data_is_refused(local: LocalSystem) -> None:
    local.start()
    second = LocalSystem(local.data)
    second._output = local.data.with_name("second.output")
    second.launch()
    assert second.wait() == 1
    assert f"process id {local.pid} already runs on {local.data}" in second.output
    assert local.endpoints


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server((HOST, free_base())) as taken:
        port = taken.getsockname()[1]
        system = LocalSystem(tmp_path / "run", base_port=port - 80)
        system.launch()
        assert system.wait() == 1
    assert f"port {port} (gate 0) is in use by process {os.getpid()}: " in system.output
    assert not (tmp_path / "run" / "mysql").exists()


def free_base() -> int:
    """A port for a gate such that the ports around it are free too."""
    return next(base + 80 for base in range(20_000, 31_000, SPAN) if all(map(is_free, range(base, base + SPAN))))
