"""Nonces of the auth service, on a real Valkey server."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import auth
from tests.support.auth import Service, Services
from tests.support.valkey import Valkey, running
from tests.support.waiting import wait_for

DAY = 24 * 60 * 60


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with running(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def services(valkey: Valkey) -> Iterator[Services]:
    with auth.services(valkey.url) as maker:
        yield maker


@pytest.fixture
def service(services: Services) -> Service:
    return services()


def test_a_nonce_works_once(service: Service) -> None:
    payload = {"gn": "名", "world": "s0001", "family": None}
    assert service.post("/register_nonce", nonce="n~1", payload=payload) == (200, {"status": 0})
    assert service.post("/register_nonce", nonce="n~1", payload=payload) == (200, {"status": 1})
    assert service.post("/redeem_nonce", keys=["n~1"]) == (200, {"n~1": {"status": 0} | payload})
    assert service.post("/redeem_nonce", keys=["n~1"]) == (200, {"n~1": {"status": 1}})


def test_redis_never_sees_a_nonce(service: Service) -> None:
    service.post("/register_nonce", nonce="a very secret nonce", payload={})
    names: Any = service.redis.keys("*")
    name = names[0]
    assert name.startswith(b"auth.nonce.")
    assert b"secret" not in name


def test_many_nonces_in_one_request(service: Service) -> None:
    for number in range(0, 100, 2):
        service.post("/register_nonce", nonce=f"n{number}", payload={"number": number})
    wanted = [f"n{number}" for number in range(100)]
    found = service.post("/redeem_nonce", keys=[*wanted[:50], *wanted[50:]])[1]
    assert list(found) == wanted
    assert [found[name] for name in wanted] == list(itertools.chain.from_iterable(
        ({"status": 0, "number": number}, {"status": 1}) for number in range(0, 100, 2)))


def test_a_key_that_is_named_twice_is_redeemed_once(service: Service) -> None:
    service.post("/register_nonce", nonce="n", payload={"a": 1})
    assert service.post("/redeem_nonce", keys=["n", "n"]) == (200, {"n": {"status": 0, "a": 1}})


def test_a_payload_cannot_say_the_status(service: Service) -> None:
    service.post("/register_nonce", nonce="n", payload={"status": 1, "a": 2})
    assert service.post("/redeem_nonce", keys=["n"])[1] == {"n": {"status": 0, "a": 2}}


def test_a_nonce_expires(services: Services) -> None:
    service = services(nonce_seconds=60)
    service.post("/register_nonce", nonce="default", payload={})
    (name,) = service.redis.keys("*")
    left: Any = service.redis.ttl(name)
    assert 55 < left <= 60
    service.post("/register_nonce", nonce="short", payload={}, ttl=1)
    wait_for(lambda: len(service.redis.keys("*")) == 1)
    assert service.post("/redeem_nonce", keys=["short"])[1] == {"short": {"status": 1}}


@pytest.mark.parametrize("changes", [
    {"nonce": None}, {"nonce": 1}, {"nonce": ""}, {"nonce": "n" * 201}, {"nonce": "\ud800"},
    {"payload": None}, {"payload": []}, {"payload": "{}"}, {"payload": 1}, {"payload": {"a": "x" * 4096}},
    {"ttl": 0}, {"ttl": -1}, {"ttl": DAY + 1}, {"ttl": 1.5}, {"ttl": "60"}, {"ttl": True}, {"ttl": []},
])
def test_what_is_not_registered(service: Service, changes: dict[str, Any]) -> None:
    status, body = service.post("/register_nonce", **({"nonce": "n", "payload": {}, "ttl": 60} | changes))
    assert (status, body["status"], body["message"].split()[0]) == (400, -1, next(iter(changes)))
    assert service.redis.dbsize() == 0


@pytest.mark.parametrize("names", [None, "n", {}, [1], [None], ["n"] * 101, ["\ud800"]])
def test_what_is_not_redeemed(service: Service, names: object) -> None:
    status, body = service.post("/redeem_nonce", keys=names)
    assert (status, body["status"], body["message"].split()[0]) == (400, -1, "keys")


def test_nothing_to_redeem(service: Service) -> None:
    assert service.post("/redeem_nonce", keys=[]) == (200, {})
