"""Collecting the messages of rooms, and sending to clients of which some do not read."""

import socket
from collections.abc import Collection, Iterator
from typing import Any

import gevent
import pytest

from apps.edge.backlog import Backlog
from apps.edge.fan_out import TURN, FanOut, Pace
from apps.edge.outbound import Outbound, SendLimits


class Ear:
    """Takes everything, and can do something when it hears."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.heard.append(data)


class House:
    """Rooms whose members the test sets."""

    def __init__(self) -> None:
        self.rooms: dict[str, dict[Any, None]] = {}

    def members(self, room: str) -> Collection[Any]:
        return self.rooms.get(room, {}).keys()


def fan_out(house: House, room_bytes: int = 1000) -> FanOut:
    return FanOut(house.members, pace=Pace(0.002, 0.02), room_bytes=room_bytes, spawn=gevent.spawn)


def test_the_messages_of_a_room_go_out_as_one_in_their_order() -> None:
    house, ear = House(), Ear()
    house.rooms = {"a": {ear: None}}
    out = fan_out(house)
    for line in (b"1\r\n", b"2\r\n", b"3\r\n"):
        out.add("a", line)
    out.flush()
    out.flush()
    assert ear.heard == [b"1\r\n2\r\n3\r\n"]


def test_all_members_share_the_same_bytes() -> None:
    house, ears = House(), [Ear(), Ear()]
    house.rooms = {"a": dict.fromkeys(ears)}
    out = fan_out(house)
    out.add("a", b"1")
    out.add("a", b"2")
    out.flush()
    assert ears[0].heard[0] is ears[1].heard[0]


def test_a_room_collects_no_more_than_its_limit() -> None:
    house, ear = House(), Ear()
    house.rooms = {"a": {ear: None}}
    out = fan_out(house, room_bytes=10)
    for _ in range(5):
        out.add("a", b"1234")
    out.flush()
    assert ear.heard == [b"12341234"]


def test_who_leaves_while_others_are_sent_to_gets_nothing_more() -> None:
    house = House()
    ears = [Ear() for _ in range(TURN + 2)]
    house.rooms = {"a": dict.fromkeys(ears)}
    out = fan_out(house)
    out.add("a", b"1")
    flush = gevent.spawn(out.flush)
    gevent.sleep(0)
    assert ears[TURN - 1].heard
    assert not ears[TURN].heard
    del house.rooms["a"][ears[TURN]]
    flush.join(timeout=5)
    assert not ears[TURN].heard
    assert ears[TURN + 1].heard == [b"1"]


def test_messages_that_come_during_a_flush_follow_in_the_next() -> None:
    house = House()
    ears = [Ear() for _ in range(TURN + 1)]
    house.rooms = {"a": dict.fromkeys(ears)}
    out = fan_out(house)
    out.add("a", b"1")
    flushes = [gevent.spawn(out.flush)]
    gevent.sleep(0)
    out.add("a", b"2")
    flushes.append(gevent.spawn(out.flush))
    gevent.joinall(flushes, timeout=5)
    assert all(ear.heard == [b"1", b"2"] for ear in ears)


def test_the_loop_flushes_by_itself() -> None:
    house, ear = House(), Ear()
    house.rooms = {"a": {ear: None}}
    out = fan_out(house)
    out.start()
    try:
        for number in range(3):
            out.add("a", b"%d" % number)
            with gevent.Timeout(5):
                while b"".join(ear.heard) != b"012"[:number + 1]:
                    gevent.sleep(0.001)
    finally:
        out.stop()


def test_the_pause_grows_with_the_work_within_its_limits() -> None:
    out = fan_out(House())
    assert out.pause(0) == pytest.approx(0.002)
    assert out.pause(0.003) == pytest.approx(0.009)
    assert out.pause(1) == pytest.approx(0.02)


class Client:
    """Both ends of a connection, and whether the near end was cut off."""

    def __init__(self, limits: SendLimits) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.cuts = 0
        self.outbound = Outbound(self.near, limits, self._cut)
        self.outbound.open()

    def _cut(self) -> None:
        self.cuts += 1

    def read(self, size: int) -> bytes:
        data = b""
        self.far.settimeout(5)
        while len(data) < size:
            data += self.far.recv(65536)
        return data

    def close(self) -> None:
        self.outbound.close()
        self.near.close()
        self.far.close()


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client(SendLimits(queue_bytes=100_000, seconds=0.1, backlog=Backlog(10**9)))
    yield client
    client.close()


def test_before_opening_and_after_closing_nothing_is_sent(client: Client) -> None:
    late = Outbound(client.near, SendLimits(1000, 1, Backlog(10**9)), client.close)
    late.send(b"too early")
    late.open()
    late.send(b"now")
    late.close()
    late.send(b"too late")
    client.near.close()
    assert client.read(3) == b"now"
    assert client.far.recv(10) == b""


def test_a_client_that_reads_is_sent_to_at_once(client: Client) -> None:
    client.outbound.send(b"hello")
    assert client.read(5) == b"hello"


def test_what_the_socket_does_not_take_follows_in_order(client: Client) -> None:
    lines = [b"%06d" % number + b"x" * 94 for number in range(900)]
    for line in lines:
        client.outbound.send(line)
    assert client.read(90_000) == b"".join(lines)
    assert client.cuts == 0
    client.outbound.send(b"after")
    assert client.read(5) == b"after"


def test_a_full_queue_cuts_off_once_and_sending_does_not_wait(client: Client) -> None:
    with gevent.Timeout(0.05):
        for _ in range(3000):
            client.outbound.send(b"x" * 100)
    assert client.cuts == 1


def test_a_client_without_progress_is_cut_off(client: Client) -> None:
    client.outbound.send(b"x" * 90_000)
    with gevent.Timeout(5):
        while not client.cuts:
            gevent.sleep(0.01)
    assert client.cuts == 1


def test_a_slow_client_that_makes_progress_is_kept(client: Client) -> None:
    client.outbound.send(b"x" * 90_000)
    read = 0
    while read < 90_000:
        gevent.sleep(0.01)
        read += len(client.far.recv(8192))
    assert client.cuts == 0


def test_finish_waits_for_the_queue(client: Client) -> None:
    client.outbound.send(b"x" * 90_000)
    reader = gevent.spawn(client.read, 90_000)
    client.outbound.finish(5)
    client.outbound.send(b"never")
    client.near.close()
    assert len(reader.get(timeout=5)) == 90_000
    assert client.far.recv(10) == b""


def test_a_client_that_is_gone_is_given_up(client: Client) -> None:
    client.far.close()
    client.outbound.send(b"x")
    client.outbound.send(b"x")
    assert client.cuts == 1
