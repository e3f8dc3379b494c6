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
    return Stored(SUBJECT, f"Ada:text {number}".encode(), number, 1000 * number)


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


    def reaches(self, number: int, since: int) -> bool:
        return 1000 * (number + 1) >= since


class Member:
    """Collects what it is sent."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.gaps = 0

    def send(self, data: bytes) -> None:
        lines = [line for line in data.split(b"\r\n") if line.startswith(b"000MESSAGE")]
        self.gaps += data.count(b"0000000GAP")
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


def test_what_was_said_before_a_family_had_its_name_is_not_for_it(pages: Pages, follower: Follower) -> None:
    """The same channel has members of the family of before, who are on their way out, and of the new one."""
    old, new, back, early, lost = (Member() for _ in range(5))
    follower.join(old, Wishes(last=9))
    wait_for(lambda: old.numbers == [1, 2, 3, 4, 5])
    follower.join(new, Wishes(last=9, since=4000))
    follower.join(back, Wishes(after=4, since=4000))
    follower.join(early, Wishes(after=3, since=4000))
    follower.join(lost, Wishes(after=2, since=4000))
    wait_for(lambda: new.numbers == [4, 5])
    wait_for(lambda: lost.numbers == [4, 5])
    assert (back.numbers, early.numbers) == ([5], [4, 5]), "3 is the last number before, so nothing is missing"
    assert [member.gaps for member in (new, back, early, lost)] == [0, 0, 0, 1]
    late = Member()
    follower.join(late, Wishes(last=9, since=7000))
    pages.stream += [message(number) for number in range(6, 9)]
    follower.send(b"something was said\r\n")
    wait_for(lambda: late.numbers[-1:] == [8])
    assert (late.numbers, new.numbers) == ([7, 8], [4, 5, 6, 7, 8]), "what an edge reads late is not for it either"
