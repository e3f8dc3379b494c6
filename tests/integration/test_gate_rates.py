"""Two addresses at one gate: each has its rate and its share, and neither pays for the other."""

import contextlib
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from tests.support.gate import NOW, ROOT, System, read_all, running, status
from tests.support.waiting import wait_for

FLOODER, OTHER = "127.0.0.1", "127.0.0.2"
REQUEST = b'{"function":"f"}\r\n'
KEPT = b'{"function":"f","keep_alive":true}\r\n'
RATE, BURST, PENDING = 20, 30, 100


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("gate"), address_rate=RATE, address_burst=BURST,
                 max_pending=PENDING, lag_seconds=5) as system:  # a busy machine makes a gate late, too
        yield system


@pytest.fixture
def system(shared: System) -> System:
    """A gate at which both addresses have their whole burst."""
    shared.worker.behave = lambda _: NOW
    full = time.monotonic() + BURST / RATE
    wait_for(lambda: time.monotonic() > full)
    return shared


def connect(system: System, address: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", system.gate.port), 20, source_address=(address, 0))


def ask(system: System, address: str) -> int:
    with connect(system, address) as client:
        client.sendall(REQUEST)
        return status(read_all(client))


def answers(system: System, address: str, number: int) -> Counter[int]:
    """Return the statuses of requests on connections of their own, one after the other."""
    return Counter(ask(system, address) for _ in range(number))


def kept_answers(system: System, address: str, number: int) -> Counter[int]:
    """Return the statuses of requests on one connection."""
    with connect(system, address) as client:
        lines = client.makefile("rb")
        found: Counter[int] = Counter()
        for _ in range(number):
            client.sendall(KEPT)
            found[status(lines.readline())] += 1
        return found


@pytest.mark.parametrize("ask_often", [answers, kept_answers])
def test_an_address_beyond_its_rate_is_refused_and_another_is_not(system: System, ask_often: object) -> None:
    begun = time.monotonic()
    found = ask_often(system, FLOODER, 150)  # type: ignore[operator]
    allowed = BURST + RATE * (time.monotonic() - begun) + 1
    assert BURST <= found[0] <= allowed
    assert found[0] + found[-3] == 150
    assert answers(system, OTHER, 10) == {0: 10}


def test_the_rate_comes_back(system: System) -> None:
    assert answers(system, FLOODER, 3 * BURST)[-3] > 0
    wait_for(lambda: ask(system, FLOODER) == 0)


@contextlib.contextmanager
def flood(system: System) -> Iterator[None]:
    """Let one address ask as fast as it can, from a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "tests.support.flood", str(system.gate.port)], cwd=ROOT)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def test_a_flood_gets_nobody_else_refused(system: System) -> None:
    with flood(system):
        wait_for(lambda: system.gate.metric('gate_refused_total{reason="rate"}') > 1000)
        found: Counter[int] = Counter()
        for _ in range(BURST):
            found[ask(system, OTHER)] += 1
            gevent.sleep(0.03)
    assert found == {0: BURST}


@contextlib.contextmanager
def held(system: System, address: str, number: int) -> Iterator[None]:
    """Let an address have so many requests under way that nobody answers."""
    with contextlib.ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(connect(system, address)).sendall(REQUEST)
        yield


def test_requests_that_hang_take_no_more_than_their_address_may_have(tmp_path: Path) -> None:
    with running(tmp_path, max_pending=PENDING, answer_seconds=4, lag_seconds=5) as system:
        system.worker.behave = lambda _: None if len(system.worker.jobs) <= held_jobs else NOW
        held_jobs = 10_000
        with held(system, FLOODER, 2 * PENDING):
            wait_for(lambda: system.gate.metric("gate_pending") >= PENDING / 2)
            held_jobs = 0
            found: Counter[int] = Counter()
            for _ in range(50):
                found[ask(system, OTHER)] += 1
                gevent.sleep(0.01)
        assert found == {0: 50}
