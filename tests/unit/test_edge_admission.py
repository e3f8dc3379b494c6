"""Redeeming nonces: many share a request, and none is used twice."""

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent.event import Event

from apps.edge.admission import Admission, RefusedError
from common.http_client import ServiceUnavailableError


class Auth:
    """Redeems each nonce once; answers when ``open`` is set."""

    def __init__(self, *nonces: str) -> None:
        self.left = set(nonces)
        self.requests: list[list[str]] = []
        self.open = Event()
        self.open.set()
        self.away = False
        self.broken: set[str] = set()

    def post(self, path: str, body: dict[str, Any], *, idempotent: bool = False) -> dict[str, Any]:
        assert (path, idempotent) == ("/redeem_nonce", False)
        self.requests.append(body["keys"])
        self.open.wait()
        if self.away:
            raise ServiceUnavailableError("auth", "away")
        if self.broken & {*body["keys"]}:
            raise KeyError("a mistake in the client of auth")
        return {nonce: self._redeem(nonce) for nonce in body["keys"]}

    def _redeem(self, nonce: str) -> dict[str, Any]:
        if nonce not in self.left:
            return {"status": 1}
        self.left.remove(nonce)
        return {"status": 0, "gn": nonce, "world": "s1", "fn": ""}


@pytest.fixture
def auth() -> Iterator[Auth]:
    auth = Auth(*(str(number) for number in range(100)))
    yield auth
    auth.open.set()


def attempt(admission: Admission, nonce: bytes) -> bytes:
    try:
        return admission.redeem(nonce, 5).game_name
    except RefusedError:
        return b"refused"


def all_at_once(admission: Admission, auth: Auth, nonces: list[bytes]) -> list[bytes]:
    auth.open.clear()
    greenlets = [gevent.spawn(attempt, admission, nonce) for nonce in nonces]
    gevent.sleep(0)
    gevent.sleep(0)
    auth.open.set()
    gevent.joinall(greenlets, timeout=5, raise_error=True)
    return [greenlet.get() for greenlet in greenlets]


def test_each_gets_the_identity_of_its_own_nonce(auth: Auth) -> None:
    nonces = [b"%d" % number for number in range(100)]
    assert all_at_once(Admission(auth, batch=16, requests=2), auth, nonces) == nonces


def test_requests_are_shared_and_bounded(auth: Auth) -> None:
    all_at_once(Admission(auth, batch=16, requests=2), auth, [b"%d" % number for number in range(100)])
    assert sum(map(len, auth.requests)) == 100
    assert max(map(len, auth.requests)) <= 16
    assert len(auth.requests) <= 10


def test_one_nonce_admits_one_client_however_many_come_with_it(auth: Auth) -> None:
    admission = Admission(auth, batch=16, requests=2)
    assert sorted(all_at_once(admission, auth, [b"7"] * 10)) == [b"7"] + [b"refused"] * 9
    assert attempt(admission, b"7") == b"refused"
    assert all(len(set(keys)) == len(keys) for keys in auth.requests)


def test_what_can_be_no_nonce_is_refused_without_asking(auth: Auth) -> None:
    assert attempt(Admission(auth, batch=16, requests=2), b"\xff") == b"refused"
    assert auth.requests == []


def test_auth_away_refuses_and_later_admits(auth: Auth) -> None:
    admission = Admission(auth, batch=16, requests=1)
    auth.away = True
    assert all_at_once(admission, auth, [b"1", b"2"]) == [b"refused", b"refused"]
    auth.away = False
    assert attempt(admission, b"1") == b"1"


def test_an_error_that_nobody_expects_keeps_nobody_else_waiting(auth: Auth, caplog: pytest.LogCaptureFixture) -> None:
    admission = Admission(auth, batch=1, requests=1)
    auth.left.discard("1")
    auth.broken = {"1"}
    assert all_at_once(admission, auth, [b"1", b"2"]) == [b"refused", b"2"]
    assert "KeyError" in caplog.text


def test_waiting_has_a_limit(auth: Auth) -> None:
    auth.open.clear()
    with pytest.raises(RefusedError, match="too long"):
        Admission(auth, batch=16, requests=1).redeem(b"1", 0.02)


@pytest.mark.parametrize("answer", [{}, {"1": None}, {"1": {"status": "0"}}, {"1": {"status": 0}}])
def test_an_odd_answer_admits_nobody(answer: dict[str, Any]) -> None:
    class Odd:
        def post(self, path: str, body: dict[str, Any], *, idempotent: bool = False) -> dict[str, Any]:
            return answer

    assert attempt(Admission(Odd(), batch=16, requests=1), b"1") == b"refused"
