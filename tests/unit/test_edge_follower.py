"""Who joins a channel in the moment in which messages come gets each of them once."""

from collections.abc import Iterator
from typing import Any, cast

import gevent
import orjson
import pytest

from apps.edge.extension import Wishes
from apps.edge.follower import Follower
from apps.edge.history import History, Past
from common.nats.stored import Stored
from tests.support.waiting import wait_for

SUBJECT = "chat.s1.public"


def message(number: int) -> Stored:
    return Stored(SUBJECT, f"Ada:text {number}".encode(), number, 0)


class Pages:
    """Stands where the history is: a page comes when the test says so."""

    limit = 100

    def __init__(self) -> None:
        self.stream = [message(number) for number in range(1, 6)]
        self.page = 100

    def last(self, subject: str) -> tuple[list[Stored], int]:
        return list(self.stream), self.stream[-1].number

    def after(self, subject: str, number: int) -> list[Stored]:
        return [stored for stored in self.stream if stored.number > number][:self.page]

    def since(self, subject: str, number: int) -> Past:
        return Past([stored for stored in self.stream if stored.number > number], has_gap=number > 1000)


class Member:
    """Collects what it is sent."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def send(self, data: bytes) -> None:
        lines = [line for line in data.split(b"\r\n") if line.startswith(b"000MESSAGE")]
        self.numbers += [orjson.loads(line[10:])["number"] for line in lines]


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def follower(pages: Pages) -> Iterator[Follower]:
    made = Follower(SUBJECT, cast(History, pages), lambda run: gevent.spawn(cast(Any, run)))
    yield made
    made.close()


def test_an_edge_that_is_behind_tells_nobody_what_it_has_heard_elsewhere(pages: Pages, follower: Follower) -> None:
    old, ahead, behind, lost = (Member() for _ in range(4))
    follower.join(old, Wishes(last=2))
    wait_for(lambda: old.numbers == [4, 5])
    pages.stream += [message(number) for number in range(6, 12)]
    pages.page = 1
    follower.join(ahead, Wishes(after=8))
    follower.join(behind, Wishes(after=3))
    follower.join(lost, Wishes(after=2000))
    wait_for(lambda: old.numbers[-1] == 11)
    assert old.numbers == [4, 5, 6, 7, 8, 9, 10, 11]
    assert ahead.numbers == [9, 10, 11]
    assert behind.numbers == [4, 5, 6, 7, 8, 9, 10, 11]
    assert lost.numbers[-5:] == [7, 8, 9, 10, 11]
