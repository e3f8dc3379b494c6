"""The gate as a process: requests, answers, and whose answer is whose. NATS and Redis are real."""

import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import gevent
import pytest
import redis
from gevent.pool import Pool

from apps.gate.congestion import CROWD
from apps.local.ports import free_port
from tests.support.certificates import write_self_signed
from tests.support.gate import NOW, System, ask, connect, read_all, running, status
from tests.support.waiting import wait_for

KEPT = b'{"function":"f","keep_alive":true,"data":{"n":%d}}\r\n'
RESET_ON_CLOSE = b"\1\0\0\0\0\0\0\0"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("gate")
    with running(folder, answer_seconds=3, keep_alive_seconds=0.5, close_seconds=1) as system:
        yield system


@pytest.fixture
def system(shared: System) -> System:
    shared.worker.behave = lambda _: NOW
    shared.worker.jobs.clear()
    return shared


def metric(system: System, name: str) -> float:
    return system.gate.metric(name)


def wait_for_job(system: System) -> str:
    """Wait for the next job and return its message id."""
    wait_for(lambda: system.worker.jobs)
    return system.worker.jobs[0][0]


def test_a_request_becomes_a_job_and_the_answer_comes_back_as_it_is(system: System) -> None:
    line = '{"function":"f","world":"s0","data":{"a":"~ 公"},"unknown":[1, 2]}'.encode()
    answer = '{"status": 7, "message": "好",  "data":{"x":[1.50]}}'.encode()
    system.worker.behave = lambda _: answer
    assert ask(system.gate.port, line) == answer + b"\r\n"
    message_id, job = system.worker.jobs[0]
    assert job == line
    assert re.fullmatch(r"[0-9a-f]{32}", message_id)


def test_redis_knows_for_ten_seconds_who_waits(system: System) -> None:
    system.worker.behave = lambda _: None
    with connect(system.gate.port) as client:
        client.sendall(b'{"function":"f"}\r\n')
        message_id = wait_for_job(system)
        store = redis.Redis(port=system.redis.port, decode_responses=True)
        assert 8 < store.ttl(message_id) <= 10
        gate_id = store.get(message_id)
        assert isinstance(gate_id, str)
        assert 8 < store.ttl(f"gates.id.{gate_id}") <= 10
        store.close()
        assert system.worker.address(message_id) == b"127.0.0.1:%d" % system.gate.worker_port


def test_a_client_that_ended_its_side_still_gets_its_answer(system: System) -> None:
    def after_the_gate_looked_for_clients_that_are_gone(_: bytes) -> bytes:
        gevent.sleep(2.2)
        return NOW

    system.worker.behave = after_the_gate_looked_for_clients_that_are_gone
    with system.another_gate() as patient, connect(patient.port) as client:
        client.sendall(b'{"function":"f"}\r\n')
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == NOW + b"\r\n"


def test_many_clients_at_once_get_their_own_answers(system: System) -> None:
    def echo(line: bytes) -> bytes:
        gevent.sleep(hash(line) % 7 / 100)
        return b'{"status":0,"message":"","data":' + line + b"}"

    system.worker.behave = echo
    lines = [b'{"function":"f","data":{"n":%d}}' % number for number in range(200)]
    pool = Pool(CROWD - 1)  # of more a gate turns some away while nothing gets done, as on a busy machine
    asking = [pool.spawn(ask, system.gate.port, line) for line in lines]
    gevent.joinall(asking, timeout=60, raise_error=True)
    for line, asked in zip(lines, asking, strict=True):
        assert asked.value == b'{"status":0,"message":"","data":' + line + b"}\r\n"


def test_a_large_answer_arrives_wholly_although_the_client_sent_more(system: System) -> None:
    answer = b'{"status":0,"message":"' + b"a" * 900_000 + b'","data":{}}'
    system.worker.behave = lambda _: answer
    with connect(system.gate.port) as client:
        client.sendall(b'{"function":"f"}\r\n' + b"extra" * 20_000)
        received = client.recv(1000)
        for _ in range(20):
            client.sendall(b"more and more\r\n" * 100)
            gevent.sleep(0.01)
        assert received + read_all(client) == answer + b"\r\n"


def test_a_client_that_sends_more_after_its_answer_is_not_reset(system: System) -> None:
    with connect(system.gate.port) as client:
        client.sendall(b'{"function":"f"}\r\n')
        wait_for(lambda: system.worker.jobs)
        gevent.sleep(0.02)  # the answer is on its way, or here
        client.sendall(b"too late" * 1000)
        assert read_all(client) == NOW + b"\r\n"


@pytest.mark.parametrize(("line", "named"), [
    (b"GET / HTTP/1.1", b"JSON"), (b"", b"JSON"), (b"[1]", b"object"), (b'{"function":1}', b"function"),
    (b'{"function":"f","request_id":"no~"}', b"request_id"),
])
def test_what_is_no_request_is_refused_and_named(system: System, line: bytes, named: bytes) -> None:
    before = metric(system, 'gate_requests_total{status="malformed"}')
    answer = ask(system.gate.port, line)
    assert status(answer) == -4
    assert named in answer
    assert b'"data"' not in answer
    assert metric(system, 'gate_requests_total{status="malformed"}') == before + 1
    assert not system.worker.jobs


def test_a_kept_connection_serves_one_request_after_the_other(system: System) -> None:
    system.worker.behave = lambda line: b'{"status":0,"message":"","data":' + line + b"}"
    with connect(system.gate.port) as client:
        for number in range(5):
            client.sendall(KEPT % number)
            assert b'"n":%d' % number in client.recv(65_536)
        client.sendall(b'{"function":"f"}\r\n')
        assert read_all(client).endswith(b"\r\n")


def test_requests_that_came_together_are_answered_in_their_order(system: System) -> None:
    def first_takes_longer(line: bytes) -> bytes:
        gevent.sleep(0.1 if b'"n":0' in line else 0)
        return line

    system.worker.behave = first_takes_longer
    answered = b"".join(KEPT % number for number in range(4)) + b'{"function":"last"}\r\n'
    with connect(system.gate.port) as client:
        client.sendall(answered + b'{"function":"never"}\r\n')
        assert read_all(client) == answered
    assert len(system.worker.jobs) == 5


def test_an_idle_kept_connection_is_closed_without_a_word(system: System) -> None:
    with connect(system.gate.port) as client:
        client.sendall(KEPT % 1)
        begun = monotonic()
        assert read_all(client) == NOW + b"\r\n"
        assert 0.3 < monotonic() - begun < 20


def test_without_an_answer_the_request_times_out(system: System) -> None:
    system.worker.behave = lambda _: None
    begun = monotonic()
    answer = ask(system.gate.port)
    assert 2.9 < monotonic() - begun < 20
    assert answer == b'{"status":-2,"message":"request timed out"}\r\n'


def test_late_and_doubled_answers_are_dropped(system: System) -> None:
    before = metric(system, "gate_unknown_answers_total")
    system.worker.behave = lambda _: None
    with connect(system.gate.port) as late, connect(system.gate.port) as other:
        late.sendall(KEPT % 1)
        message_id = wait_for_job(system)
        assert status(late.recv(1000)) == -2
        system.worker.behave = lambda _: NOW
        other.sendall(b'{"function":"f"}\r\n')
        assert read_all(other) == NOW + b"\r\n"
        system.worker.send(message_id, b'{"status":0,"message":"late"}')
        system.worker.send(system.worker.jobs[1][0], b'{"status":0,"message":"doubled"}')
        wait_for(lambda: metric(system, "gate_unknown_answers_total") == before + 2)
        late.sendall(KEPT % 2)
        assert late.recv(1000) == NOW + b"\r\n"


def test_forged_answers_and_garbage_of_workers_harm_nobody(system: System) -> None:
    unknown, bad = metric(system, "gate_unknown_answers_total"), metric(system, "gate_bad_frames_total")
    with connect(system.gate.worker_port) as forger:
        forger.sendall(b"00000000000000000000000000000000~{}\r\n~{}\r\n\r\nno frame\r\n\xff\xfe~x\r\n" + b"a.b~{}\r\n")
        wait_for(lambda: metric(system, "gate_bad_frames_total") == bad + 5)
        assert metric(system, "gate_unknown_answers_total") == unknown + 1
        assert ask(system.gate.port) == NOW + b"\r\n"


def test_an_answer_over_the_limit_ends_that_connection_only(system: System) -> None:
    bad = metric(system, "gate_bad_frames_total")
    assert ask(system.gate.port) == NOW + b"\r\n"
    with connect(system.gate.worker_port) as worker:
        with pytest.raises(ConnectionError):
            worker.sendall(b"x" * 20_000_000)
        assert metric(system, "gate_bad_frames_total") == bad + 1
    assert ask(system.gate.port) == NOW + b"\r\n"


def test_the_job_of_a_client_that_was_reset_is_withdrawn(system: System) -> None:
    before = metric(system, 'gate_requests_total{status="gone"}')
    system.worker.behave = lambda _: None
    with system.another_gate() as patient:  # waits long enough for the look at those who wait
        client = connect(patient.port)
        client.sendall(b'{"function":"f"}\r\n')
        message_id = wait_for_job(system)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        client.close()
        wait_for(lambda: system.worker.address(message_id) is None)
        assert patient.metric('gate_requests_total{status="gone"}') == 1
        assert patient.metric("gate_pending") == 0
    assert metric(system, 'gate_requests_total{status="gone"}') == before


def test_a_client_that_closed_before_its_answer_harms_nobody(system: System) -> None:
    for _ in range(20):
        with connect(system.gate.port) as client:
            client.sendall(b'{"function":"f"}\r\n')
    assert ask(system.gate.port) == NOW + b"\r\n"
    wait_for(lambda: metric(system, "gate_connections") == 0 and metric(system, "gate_pending") == 0)


def test_two_gates_share_the_workers(system: System) -> None:
    with system.another_gate() as other:
        for _ in range(5):
            assert ask(system.gate.port) == ask(other.port) == NOW + b"\r\n"
        addresses = {system.worker.address(message_id) for message_id, _ in system.worker.jobs}
        assert addresses == {b"127.0.0.1:%d" % gate.worker_port for gate in (system.gate, other)}


def test_without_a_worker_the_answer_is_busy_at_once(system: System) -> None:
    with system.another_gate(jobs_subject="nobody.listens", retry_after=2.5, answer_seconds=20) as gate:
        begun = monotonic()
        answer = ask(gate.port)
        assert monotonic() - begun < 10
        assert status(answer) == -3
        assert b'"retry_after":2.5' in answer
        assert gate.metric('gate_refused_total{reason="no_worker"}') == 1
        assert gate.metric("gate_pending") == 0


def test_tls(system: System, tmp_path: Path) -> None:
    certificate, key = write_self_signed(tmp_path)
    context = ssl.create_default_context(cafile=certificate)
    with system.another_gate(tls_cert=certificate, tls_key=key, line_seconds=0.5, client_port=free_port()) as gate:
        with context.wrap_socket(connect(gate.port), server_hostname="localhost",
                                 suppress_ragged_eofs=False) as client:
            client.sendall(KEPT % 1)
            assert client.recv(1000) == NOW + b"\r\n"
            client.sendall(b'{"function":"f"}\r\n')
            assert read_all(client) == NOW + b"\r\n"
        with connect(gate.port) as plain, connect(gate.port) as silent:
            plain.sendall(b'{"function":"f"}\r\n')
            begun = monotonic()
            assert not read_all(silent)
            assert 0.4 < monotonic() - begun < 20
            assert NOW not in _whatever(plain)
        with context.wrap_socket(connect(gate.port), server_hostname="localhost") as slow:
            assert not read_all(slow)


def _whatever(client: socket.socket) -> bytes:
    try:
        return read_all(client)
    except ConnectionError:
        return b""
