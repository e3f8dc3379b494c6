"""The gate while its servers and itself come and go."""

import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import gevent
import pytest
import redis

from apps.local.ports import free_port
from tests.support.gate import HOST, NOW, Gate, System, ask, connect, read_all, running, status
from tests.support.waiting import seconds_until, wait_for


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running(tmp_path, answer_seconds=3) as system:
        yield system


def served(gate: Gate) -> bool:
    return ask(gate.port) == NOW + b"\r\n"


def test_redis_dies_and_comes_back_empty(system: System) -> None:
    assert served(system.gate)
    system.redis.kill()
    begun = monotonic()
    assert status(ask(system.gate.port)) == -3
    assert monotonic() - begun < 3
    wait_for(lambda: not system.gate.ready())
    begun = monotonic()
    assert status(ask(system.gate.port)) == -3
    assert monotonic() - begun < 3
    system.redis.start()
    assert seconds_until(lambda: served(system.gate)) < 5
    wait_for(system.gate.ready)


def test_redis_that_hangs_makes_the_gate_busy_and_not_hang(system: System) -> None:
    assert served(system.gate)
    system.redis.process.send_signal(signal.SIGSTOP)
    try:
        begun = monotonic()
        assert status(ask(system.gate.port)) == -3
        assert monotonic() - begun < 3
    finally:
        system.redis.process.send_signal(signal.SIGCONT)
    assert seconds_until(lambda: served(system.gate)) < 5


def test_nats_dies_and_comes_back(system: System) -> None:
    assert served(system.gate)
    system.nats.kill()
    wait_for(lambda: not system.gate.ready())
    begun = monotonic()
    assert status(ask(system.gate.port)) == -3
    assert monotonic() - begun < 3
    system.nats.start()
    assert seconds_until(lambda: served(system.gate)) < 5
    wait_for(system.gate.ready)


def test_a_gate_that_starts_before_its_servers_serves_when_they_are_there(tmp_path: Path) -> None:
    with running(tmp_path) as system:
        system.redis.kill()
        system.nats.kill()
        (tmp_path / "early").mkdir()
        early = Gate(tmp_path / "early", nats_port=system.nats.port, redis_port=system.redis.port)
        try:
            super(Gate, early).start()
            assert status(ask(early.port)) == -3
            assert not early.ready()
            system.nats.start()
            system.redis.start()
            wait_for(lambda: served(early))
            wait_for(early.ready)
        finally:
            early.kill()


def test_an_id_that_another_gate_holds_is_left_to_it(system: System) -> None:
    store = redis.Redis(port=system.redis.port, decode_responses=True)
    (entry,) = store.keys("gates.id.*")
    store.set(entry, "10.0.0.9:8201", ex=60)
    wait_for(lambda: len(store.keys("gates.id.*")) == 2)
    assert store.get(entry) == "10.0.0.9:8201"
    assert served(system.gate)
    system.gate.terminate()
    assert system.gate.wait() == 0
    assert store.keys("gates.id.*") == [entry]
    store.close()


def test_an_entry_that_redis_lost_is_written_again(system: System) -> None:
    store = redis.Redis(port=system.redis.port, decode_responses=True)
    entries = store.keys("gates.id.*")
    store.flushall()
    assert seconds_until(lambda: store.keys("gates.id.*") == entries) < 5
    store.close()


def test_a_redis_that_comes_back_empty_has_the_entry_at_once(tmp_path: Path) -> None:
    with running(tmp_path, registration_interval=60) as system:
        store = redis.Redis(port=system.redis.port, decode_responses=True)
        entries = store.keys("gates.id.*")
        for _ in range(2):
            system.redis.kill()
            system.redis.start()
            assert seconds_until(lambda: store.keys("gates.id.*") == entries) < 5
        store.close()


def test_the_end_does_not_wait_for_clients_without_a_request(system: System) -> None:
    with connect(system.gate.port) as silent, connect(system.gate.port) as half, connect(system.gate.port) as idle:
        half.sendall(b'{"function":')
        idle.sendall(b'{"function":"f","keep_alive":true}\r\n')
        assert idle.recv(1000) == NOW + b"\r\n"
        wait_for(lambda: system.gate.metric("gate_connections") == 3)
        begun = monotonic()
        system.gate.terminate()
        assert system.gate.wait() == 0
        assert monotonic() - begun < 10
        assert not read_all(silent)
        assert not read_all(idle)
    assert '"error"' not in system.gate.log()


def test_the_end_waits_for_the_answers_that_are_owed(system: System) -> None:
    def later(_: bytes) -> bytes:
        gevent.sleep(1)
        return NOW

    system.worker.behave = later
    with connect(system.gate.port) as client, connect(system.gate.port) as kept:
        client.sendall(b'{"function":"f"}\r\n')
        kept.sendall(b'{"function":"f","keep_alive":true}\r\n')
        wait_for(lambda: len(system.worker.jobs) == 2)
        system.gate.terminate()
        assert read_all(client) == read_all(kept) == NOW + b"\r\n"
    assert system.gate.wait() == 0
    store = redis.Redis(port=system.redis.port)
    assert not store.keys("gates.id.*")
    store.close()


def test_the_end_under_load_loses_no_answer(system: System) -> None:
    answered: set[int] = set()

    def play(player: int) -> None:
        with contextlib.suppress(OSError):  # the gate is gone
            for number in range(player * 10_000, player * 10_000 + 10_000):
                if ask(system.gate.port, b'{"function":"f","data":{"n":%d}}' % number) == NOW + b"\r\n":
                    answered.add(number)

    players = [gevent.spawn(play, player) for player in range(30)]
    wait_for(lambda: len(answered) > 300)
    system.gate.terminate()
    assert system.gate.wait() == 0
    gevent.joinall(players, timeout=10, raise_error=True)
    taken = {int(line[line.rindex(b":") + 1:-2]) for _, line in system.worker.jobs}
    assert taken == answered


def test_the_drain_time_is_served_but_not_ready(tmp_path: Path) -> None:
    with running(tmp_path, drain_seconds=1.5) as system:
        begun = monotonic()
        system.gate.terminate()
        wait_for(lambda: not system.gate.ready())
        assert served(system.gate)
        assert system.gate.wait() == 0
        assert 1.4 < monotonic() - begun < 15


def test_the_access_log_has_a_line_for_each_request(tmp_path: Path) -> None:
    with running(tmp_path, access_log=True) as system:
        assert ask(system.gate.port, b'{"function":"look","data":{"token":"s3cret"}}') == NOW + b"\r\n"
        wait_for(lambda: '"function":"look"' in system.gate.log())
        (line,) = [line for line in system.gate.log().splitlines() if '"function":"look"' in line]
        assert system.worker.jobs[0][0] in line
        assert '"status":0' in line
        assert "s3cret" not in system.gate.log()


def test_a_port_that_is_taken_ends_the_gate_with_an_error(system: System) -> None:
    with socket.create_server((HOST, free_port())) as taken:
        port = taken.getsockname()[1]
        gate = Gate(system.folder, nats_port=system.nats.port, redis_port=system.redis.port, client_port=port)
        super(Gate, gate).start()
        assert gate.wait() == 1
    assert "cannot start" in gate.log()
