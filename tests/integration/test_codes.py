"""Codes on a real Redis server: a request whose transaction begins again sends one code, and redeems its code again."""

import itertools
from collections.abc import Iterator

import pytest

from apps.local.backends import Valkey
from apps.worker.codes import Codes, Purpose
from apps.worker.senders import SendError
from common.redis_client import PipelinedRedis

PURPOSE = Purpose("u1", "email", "bind")
ADDRESS = "ada@example.org"
NUMBERS = itertools.count(1)


class Post:
    """A sender that keeps the codes, and fails when it is told to."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.broken = False

    def send(self, medium: str, action: str, address: str, code: str) -> None:
        if self.broken:
            raise SendError("out of order")
        self.codes.append(code)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def codes(redis_server: Valkey, post: Post) -> Iterator[Codes]:
    client = PipelinedRedis(redis_server.url, timeout=5)
    client.start()
    client.delete(PURPOSE.key)
    yield Codes(client, post, tries=3, per_day=5, random_below=lambda _: next(NUMBERS))
    client.stop()


def test_a_request_that_begins_again_sends_one_code(codes: Codes, post: Post) -> None:
    for request in ("a", "a", "b"):
        codes.send(PURPOSE, ADDRESS, request=request)
    assert len(post.codes) == 2
    assert codes.redeem(PURPOSE, post.codes[0], request="c") is None
    assert codes.redeem(PURPOSE, post.codes[1], request="c") == ADDRESS


def test_a_code_that_was_not_sent_is_sent_by_the_next_try(codes: Codes, post: Post) -> None:
    post.broken = True
    with pytest.raises(SendError):
        codes.send(PURPOSE, ADDRESS, request="a")
    post.broken = False
    codes.send(PURPOSE, ADDRESS, request="a")
    assert codes.redeem(PURPOSE, post.codes[0], request="b") == ADDRESS


def test_a_code_is_for_one_request_however_often_that_begins(codes: Codes, post: Post) -> None:
    codes.send(PURPOSE, ADDRESS, request="a")
    [code] = post.codes
    assert [codes.redeem(PURPOSE, code, request=request) for request in ("b", "b", "c", "b")] == [
        ADDRESS, ADDRESS, None, ADDRESS]


def test_wrong_tries_void_a_code(codes: Codes, post: Post) -> None:
    codes.send(PURPOSE, ADDRESS, request="a")
    assert [codes.redeem(PURPOSE, "x", request="b") for _ in range(3)] == [None] * 3
    assert codes.redeem(PURPOSE, post.codes[0], request="b") is None
