"""Codes in a real Redis: a request that is run again, as after a deadlock, sends and redeems the same one."""

import itertools
from collections.abc import Iterator

import pytest

from apps.local.backends import Valkey
from apps.worker.codes import Codes, Purpose
from common.redis_client import PipelinedRedis

NUMBERS = itertools.count(1)
ADDRESS = "ada@example.org"
TRIES = 3


class Sender:
    """Remembers what it was to send."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def send(self, medium: str, action: str, address: str, code: str) -> None:
        assert (medium, action, address) == ("email", "bind", ADDRESS)
        self.codes.append(code)


class Scene:
    def __init__(self, redis: PipelinedRedis) -> None:
        self.sender = Sender()
        self.purpose = Purpose(f"u{next(NUMBERS)}", "email", "bind")
        drawn = itertools.count(100)
        self._codes = Codes(redis, self.sender, tries=TRIES, per_day=5, random_below=lambda _: next(drawn))

    def send(self, request: str) -> str:
        self._codes.send(self.purpose, ADDRESS, request)
        return self.sender.codes[-1]

    def redeem(self, code: str, request: str) -> str | None:
        return self._codes.redeem(self.purpose, code, request)


@pytest.fixture
def scene(redis_server: Valkey) -> Iterator[Scene]:
    client = PipelinedRedis(redis_server.url)
    client.start()
    yield Scene(client)
    client.stop()


def test_a_request_that_is_run_again_sends_the_same_code(scene: Scene) -> None:
    first = scene.send("r1")
    assert scene.send("r1") == first
    assert scene.send("r2") != first
    assert scene.redeem(first, "r3") is None


def test_a_request_that_is_run_again_redeems_the_same_code(scene: Scene) -> None:
    code = scene.send("r1")
    assert scene.redeem(code, "r2") == scene.redeem(code, "r2") == ADDRESS
    assert scene.redeem(code, "r3") is None


def test_a_redeemed_code_is_not_sent_again(scene: Scene) -> None:
    code = scene.send("r1")
    scene.redeem(code, "r2")
    fresh = scene.send("r1")
    assert fresh != code
    assert (scene.redeem(code, "r4"), scene.redeem(fresh, "r4")) == (None, ADDRESS)


def test_wrong_tries_void_it(scene: Scene) -> None:
    code = scene.send("r1")
    assert [scene.redeem("000000", f"w{number}") for number in range(TRIES)] == [None] * TRIES
    assert scene.redeem(code, "r2") is None
