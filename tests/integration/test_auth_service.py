"""The endpoints of the auth service, those of tokens above all, on a real Valkey server."""

import json
from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from common import keys
from tests.support import auth
from tests.support.auth import KEY, Service, Services
from tests.support.valkey import Valkey, running

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


def test_a_token_says_what_it_was_issued_for(service: Service) -> None:
    token = service.issue("player_1", kind="session", claims={"world": "s0001", "名": [1, None]})
    status, body = service.post("/validate_token", token=token)
    data = body["data"]
    assert (status, body["status"], data["uid"], data["kind"]) == (200, 0, "player_1", "session")
    assert data["claims"] == {"world": "s0001", "名": [1, None]}
    assert data["exp"] == int(service.clock.now) + 30 * DAY
    stored: Any = service.redis.get(keys.live_token("session", "player_1"))
    assert data["jti"] == stored.decode()


def test_a_new_token_ends_the_one_before_and_no_other(service: Service) -> None:
    first, session, other = service.issue("a"), service.issue("a", kind="session"), service.issue("b")
    second = service.issue("a")
    assert not service.accepts(first)
    assert all(map(service.accepts, (second, session, other)))


def test_tokens_of_one_moment_end_each_other(service: Service) -> None:
    tokens = [service.issue("a") for _ in range(20)]
    assert [service.accepts(token) for token in tokens] == [False] * 19 + [True]


def test_a_token_issued_by_a_slow_clock_is_the_newest_all_the_same(services: Services) -> None:
    ahead, behind = services(), services()
    behind.clock.now -= 5
    first = ahead.issue("a")
    second = behind.issue("a")
    for service in (ahead, behind):
        assert service.accepts(second)
        assert not service.accepts(first)
    assert ahead.accepts(ahead.issue("a"))


def test_of_tokens_issued_at_once_one_is_live(services: Services) -> None:
    several = [services() for _ in range(4)]
    now = several[0].clock.now
    for service in several:
        service.clock.now = now
    greenlets = [gevent.spawn(service.issue, "a") for service in several * 10]
    tokens = [greenlet.get(timeout=10) for greenlet in greenlets]
    assert sum(map(several[0].accepts, tokens)) == 1


def test_a_loss_of_redis_logs_nobody_out(service: Service) -> None:
    tokens = [service.issue(uid) for uid in ("a", "b")]
    service.redis.flushall()
    assert all(map(service.accepts, tokens * 2))
    left: Any = service.redis.ttl(keys.live_token("account", "a"))
    assert 30 * DAY - 60 < left <= 30 * DAY


def test_after_a_loss_of_redis_an_old_token_loses_once_the_newer_is_seen(service: Service) -> None:
    old, new = service.issue("a"), service.issue("a")
    service.redis.flushall()
    assert service.accepts(old)
    assert service.accepts(new)
    assert not service.accepts(old)
    assert service.accepts(new)


def test_after_a_loss_of_redis_a_new_token_wins_over_the_old(service: Service) -> None:
    old = service.issue("a")
    service.redis.flushall()
    new = service.issue("a")
    assert not service.accepts(old)
    assert service.accepts(new)


def test_redis_may_forget_the_scripts(service: Service) -> None:
    service.issue("a")
    service.redis.script_flush()
    token = service.issue("a")
    service.redis.script_flush()
    service.redis.delete(keys.live_token("account", "a"))
    assert service.accepts(token)


def test_a_token_expires(services: Services) -> None:
    service = services(account_token_seconds=60, session_token_seconds=120)
    account, session = service.issue("a"), service.issue("a", kind="session")
    assert service.accepts(account)
    service.clock.now = int(service.clock.now) + 60
    assert not service.accepts(account)
    assert service.accepts(session)
    service.clock.now += 60
    assert not service.accepts(session)


def test_a_short_token_does_not_bring_a_long_one_back(services: Services) -> None:
    long, short = services(account_token_seconds=DAY), services(account_token_seconds=1)
    old = long.issue("a")
    short.issue("a")
    left: Any = long.redis.pttl(keys.live_token("account", "a"))
    assert left > 60_000
    assert not long.accepts(old)


def test_keys_rotate_without_a_logout(services: Services) -> None:
    old, new = f"old:{KEY}", f"new:another-{KEY}"
    token = services(jwt_key=old).issue("a")
    assert services(jwt_key=f"{new},{old}").accepts(token)
    assert not services(jwt_key=new).accepts(token)


@pytest.mark.parametrize("fields", [
    {}, {"uid": None}, {"uid": 1}, {"uid": ""}, {"uid": "a" * 65}, {"uid": "a.b"}, {"uid": "a\r\n"}, {"uid": "名"},
    {"uid": ["a"]}, {"uid": "a", "kind": "root"}, {"uid": "a", "kind": 1}, {"uid": "a", "kind": ""},
    {"uid": "a", "claims": []}, {"uid": "a", "claims": "{}"}, {"uid": "a", "claims": {"a": "x" * 1024}},
    {"uid": "a", "claims": {"a": "\ud800"}},
])
def test_what_no_token_is_issued_for(service: Service, fields: dict[str, Any]) -> None:
    status, body = service.post("/issue_token", **fields)
    assert (status, body["status"]) == (400, -1)
    assert body["message"].split()[0] in ("uid", "kind", "claims")
    assert service.redis.dbsize() == 0


@pytest.mark.parametrize("fields", [{}, {"token": None}, {"token": 1}, {"token": ["a"]}, {"token": "\ud800"}])
def test_what_is_not_even_a_token(service: Service, fields: dict[str, Any]) -> None:
    assert service.post("/validate_token", **fields)[0] == 400


@pytest.mark.parametrize("token", ["", "a.b.c", "x" * 100_000, "名"])
def test_what_is_refused_as_a_token(service: Service, token: str) -> None:
    assert service.post("/validate_token", token=token) == (200, {"status": 1})


@pytest.mark.parametrize("body", ["", "null", "[]", '"a"', "{", "\xff", '{"uid": "a"', "[" * 100_000])
@pytest.mark.parametrize("path", ["/issue_token", "/validate_token", "/register_nonce", "/redeem_nonce"])
def test_a_body_that_is_no_object(service: Service, path: str, body: str) -> None:
    answer = service.client.post(path, data=body.encode("latin-1"), content_type="application/json")
    assert (answer.status_code, answer.json["status"] if answer.json else None) == (400, -1)


def test_other_pages_and_methods_are_answered_in_json(service: Service) -> None:
    assert service.client.get("/issue_token").status_code == 405
    answer = service.client.post("/elsewhere")
    assert (answer.status_code, answer.json) == (404, {"status": -1, "message": "Not Found"})


def test_a_body_over_the_limit(services: Services) -> None:
    status, body = services(http_body_limit=100).post("/issue_token", uid="a" * 100)
    assert (status, body["status"]) == (413, -1)


def test_forms(service: Service) -> None:
    token = service.client.post("/issue_token", data={"uid": "1", "claims": '{"a": 1}'}).json
    assert token is not None
    found = service.client.post("/validate_token", data=token).json
    assert found is not None
    assert (found["data"]["uid"], found["data"]["claims"]) == ("1", {"a": 1})
    for nonce in ("1", "2", "3"):
        form = {"nonce": nonce, "payload": json.dumps({"n": nonce}), "ttl": "60"}
        assert service.client.post("/register_nonce", data=form).json == {"status": 0}
    redeemed = service.client.post("/redeem_nonce", data={"keys": ["1,2", "3"]}).json
    assert redeemed == {nonce: {"status": 0, "n": nonce} for nonce in ("1", "2", "3")}
    assert service.client.post("/register_nonce", data={"nonce": "4", "payload": "{"}).status_code == 400
