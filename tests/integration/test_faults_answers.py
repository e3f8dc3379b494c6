"""The clients of the fault tests that wait for every answer, at gates that do not give it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

import pytest
from gevent.server import StreamServer

from apps.client.gate import Address
from apps.client.state import State
from tests.faults import answers
from tests.faults.answers import Answers
from tests.faults.journal import Journal
from tests.faults.people import Cast, Person
from tests.faults.returns import GIVE_UP_SECONDS, Returns, first_success
from tests.support.waiting import wait_for

HOST = "127.0.0.1"
WAIT_SECONDS = 0.2
GOOD = b'{"status":0,"message":"","data":{}}\r\n'
LOST = b'{"status":-1,"message":"","data":{}}\r\n'


@contextmanager
def gate(*answers_in_turn: bytes | None) -> Iterator[Address]:
    """A gate that gives these answers in turn, the last one again and again; None: it keeps silent, b"": it closes."""
    turns = iter(answers_in_turn)

    def serve(peer: socket.socket, _: Any) -> None:
        with suppress(ConnectionError):
            peer.recv(4096)
            answer = next(turns, answers_in_turn[-1])
            if answer is None:
                peer.recv(1)
            else:
                peer.sendall(answer)

    server = StreamServer((HOST, 0), serve)
    server.start()
    try:
        yield Address(HOST, int(server.server_port or 0))
    finally:
        server.stop(timeout=1)


def cast() -> Cast:
    person = Person("T_ada", State("s0"), Journal())
    return Cast([person], [person], [person])


def outcomes(at: Address) -> set[str]:
    """Return what becomes of requests of every kind."""
    clients = Answers(cast(), [at], 1, wait=WAIT_SECONDS)
    clients.start()
    wait_for(lambda: len(clients.asked) >= len(answers.ANSWERS) + 1)
    clients.stop()
    return set(answers.count(clients.asked))


@pytest.mark.parametrize(("answer", "outcome"), [
    (GOOD, "good"), (None, answers.SILENT), (b"", answers.CLOSED), (b'{"status":-3', answers.CLOSED)])
def test_what_becomes_of_a_request_is_told(answer: bytes | None, outcome: str) -> None:
    with gate(answer) as at:
        assert outcomes(at) == {outcome}


def test_a_wrong_answer_is_told() -> None:
    with gate(LOST) as at:
        assert all(outcome.startswith("wrong answer") for outcome in outcomes(at))


def test_a_gate_that_is_away_was_asked_nothing() -> None:
    with gate(GOOD) as at:
        pass
    assert outcomes(at) == {answers.UNREACHED}


def test_service_is_back_with_the_first_success() -> None:
    begun = monotonic()
    turns = iter((False, False, True))
    assert 0 < first_success(lambda: next(turns), begun) < GIVE_UP_SECONDS


def test_a_service_that_does_not_come_back_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.faults.returns.GIVE_UP_SECONDS", 3.1)
    with gate(None, b"", LOST) as at:
        watch = Returns(cast(), [at], [at])
        watch.watch()
    assert {problem.partition(" for ")[0] for problem in watch.problems()} == {
        "no read", "no write", "no mail", "no chat"}
