"""Chat tickets while auth processes end, die and freeze: none is refused, and none is good twice."""

import itertools
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import pytest

from apps.worker.auth_client import AuthClient, TicketRefusedError
from common.http_client import JsonClient, ServiceUnavailableError
from tests.support.auth import AuthProcess
from tests.support.valkey import Valkey
from tests.support.waiting import wait_for

TRY_SECONDS = 0.5
PATIENCE = 10.0
"""A machine that is busy with other tests makes no auth a mute one."""
CALLERS = 6
MEANWHILE = 60  # tickets that have to be given out before and after something happens


class Load:
    """A steady load of calls for tickets; each ticket is used at once, half of them at each auth."""

    def __init__(self, auth: AuthClient, processes: list[AuthProcess]) -> None:
        self.used: list[str] = []
        self.failures: list[str] = []
        self.slowest = 0.0
        self._auth = auth
        self._redeem = JsonClient("auth", [process_url(process) for process in processes], timeout=5, connections=8,
                                  patience=PATIENCE)
        self._ending = False
        self._numbers = itertools.count()

    @contextmanager
    def running(self) -> Iterator[None]:
        callers = [gevent.spawn(self._call) for _ in range(CALLERS)]
        try:
            self.wait()
            yield
            self.wait()
        finally:
            self._ending = True
            gevent.joinall(callers, timeout=30, raise_error=True)
            self._redeem.stop()

    def wait(self) -> None:
        """Wait until some more tickets have been given out."""
        before = len(self.used)
        wait_for(lambda: len(self.used) >= before + MEANWHILE)

    def _call(self) -> None:
        while not self._ending:
            payload, begun = {"n": next(self._numbers)}, time.monotonic()
            try:
                ticket = self._auth.register_ticket(draw, payload, 60)
            except ServiceUnavailableError as error:
                self.failures.append(str(error))
                continue
            self.slowest = max(self.slowest, time.monotonic() - begun)
            assert self._redeem.post("/redeem_nonce", {"keys": [ticket]}, idempotent=True)[ticket]["n"] == payload["n"]
            self.used.append(ticket)
            gevent.sleep(0.01)


def draw() -> str:
    return str(secrets.randbits(128))


def process_url(process: AuthProcess) -> str:
    return f"http://127.0.0.1:{process.port}"


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[AuthProcess]]:
    folder = tmp_path_factory.mktemp("auth")
    valkey = Valkey(folder)
    made = [AuthProcess(folder, valkey.url) for _ in range(2)]
    try:
        valkey.start()
        for process in made:
            process.start()
        yield made
    finally:
        for process in made:
            process.kill()
        valkey.kill()


@pytest.fixture
def make(processes: list[AuthProcess]) -> Iterator[Callable[..., AuthClient]]:
    clients: list[JsonClient] = []

    def make_one(*urls: str) -> AuthClient:
        clients.extend(JsonClient("auth", urls, timeout=timeout, connections=64, patience=PATIENCE)
                       for timeout in (2.0, TRY_SECONDS))
        return AuthClient(*clients[-2:])

    yield make_one
    for client in clients:
        client.stop()


@pytest.fixture
def auth(make: Callable[..., AuthClient], processes: list[AuthProcess]) -> AuthClient:
    return make(*map(process_url, processes))


@pytest.fixture
def load(auth: AuthClient, processes: list[AuthProcess]) -> Load:
    return Load(auth, processes)


def end(process: AuthProcess) -> None:
    assert process.stop() == 0


@pytest.mark.parametrize("leave", [end, AuthProcess.die], ids=["sigterm", "kill -9"])
def test_no_ticket_is_refused_while_auth_processes_are_replaced(
        processes: list[AuthProcess], load: Load, leave: Callable[[AuthProcess], Any]) -> None:
    with load.running():
        for process in processes:
            leave(process)
            load.wait()
            process.start()
            load.wait()
    assert load.failures == []


def test_no_ticket_is_refused_while_one_auth_process_is_frozen_and_none_is_good_twice(
        processes: list[AuthProcess], load: Load) -> None:
    with load.running():
        processes[0].signal(signal.SIGSTOP)
        try:
            for _ in range(3):
                load.wait()
            assert load.failures == []
        finally:
            processes[0].signal(signal.SIGCONT)
    assert load.failures == []
    assert load.slowest > TRY_SECONDS  # somebody has asked the frozen one
    again = [processes[1].post("/redeem_nonce", keys=[ticket])[1][ticket] for ticket in load.used[-200:]]
    assert again == [{"status": 1}] * len(again)


def test_a_ticket_that_exists_is_drawn_again(processes: list[AuthProcess], auth: AuthClient) -> None:
    first, second = draw(), draw()
    drawn = [first, first, second]
    assert auth.register_ticket(lambda: drawn.pop(0), {"a": 1}, 60) == first
    assert auth.register_ticket(lambda: drawn.pop(0), {"a": 2}, 60) == second
    assert processes[0].post("/redeem_nonce", keys=[first, second])[1] == {
        first: {"status": 0, "a": 1}, second: {"status": 0, "a": 2}}


def test_what_auth_does_not_take_is_refused_at_once(make: Callable[..., AuthClient], auth: AuthClient) -> None:
    with pytest.raises(TicketRefusedError, match="-1"):
        auth.register_ticket(draw, {"a": 1}, -60)
    ticket = auth.register_ticket(draw, {"a": 1}, 60)
    with pytest.raises(TicketRefusedError, match="by chance"):
        auth.register_ticket(lambda: ticket, {"a": 1}, 60)


def test_without_auth_the_answer_comes_in_time(processes: list[AuthProcess], auth: AuthClient) -> None:
    for process in processes:
        process.signal(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        with pytest.raises(ServiceUnavailableError):
            auth.register_ticket(draw, {}, 60)
        assert time.monotonic() - begun < 4 * TRY_SECONDS + 0.5
    finally:
        for process in processes:
            process.signal(signal.SIGCONT)
