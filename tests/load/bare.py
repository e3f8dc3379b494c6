"""The building blocks alone, as quick as they can be: the floor below everything that is built from them.

``python -m gevent.monkey --module tests.load.bare``: a ``Part`` whose order has ``kind``, ``url`` and ``greenlets``,
and whose result is a ``Tally``. With the arguments ``answer URL`` it is the one who answers requests over NATS.
"""

import sys
import time
from collections.abc import Callable
from contextlib import closing
from random import Random
from typing import Any

import gevent
import pymysql
from dbutils.pooled_db import PooledDB

from common.nats import Client
from common.nats.message import Message
from common.redis_client import PipelinedRedis
from tests.load import database
from tests.load.part import Times, take_part
from tests.load.tally import Tally

PAYLOAD = b"x" * 300
SUBJECT = "bench.floor"
ROWS = 1000
Once = Callable[[], object]


def nats(url: str, _: int) -> Once:
    """A request over NATS that a process of its own answers."""
    client = _nats_client(url)
    return lambda: client.request(SUBJECT, payload=PAYLOAD)


def redis(url: str, _: int) -> Once:
    """A GET over the shared connection."""
    client = PipelinedRedis(url)
    client.start()
    client.set("bench.floor", PAYLOAD, ex=600)
    return lambda: client.get("bench.floor")


def select(url: str, greenlets: int) -> Once:
    """A SELECT of twenty rows on a pooled connection."""
    pool, random = _pool(url, greenlets), Random(0)

    def once() -> None:
        with closing(pool.connection()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT iid, value FROM item WHERE uid = %s ORDER BY iid",
                           (f"crowdplayer{random.randrange(100)}",))
            cursor.fetchall()
    return once


def transaction(url: str, greenlets: int) -> Once:
    """A small transaction: begin, select for update, update, insert, commit."""
    pool, random = _pool(url, greenlets), Random(0)

    def once() -> None:
        with closing(pool.connection()) as connection, connection.cursor() as cursor:
            number = random.randrange(ROWS)
            connection.begin()
            cursor.execute("SELECT value FROM bench_row WHERE id = %s FOR UPDATE", (number,))
            cursor.fetchall()
            cursor.execute("UPDATE bench_row SET value = value + 1 WHERE id = %s", (number,))
            cursor.execute("INSERT INTO bench_log (row_id, amount) VALUES (%s, 1)", (number,))
            connection.commit()
    return once


KINDS: dict[str, Callable[[str, int], Once]] = {
    "nats": nats, "redis": redis, "select": select, "transaction": transaction}


def answer_requests(url: str) -> None:
    """Be the one who answers ``nats``, until the standard input ends."""
    client = _nats_client(url)

    def reply(message: Message) -> None:
        client.publish(message.reply, payload=PAYLOAD)

    client.subscribe(SUBJECT, callback=reply)
    client.round_trip()
    print("ready", flush=True)
    gevent.get_hub().threadpool.apply(sys.stdin.read)


def prepare(order: dict[str, Any]) -> Callable[[Times], dict[str, Any]]:
    """Connect; return what does one thing over and over, in several greenlets."""
    once = KINDS[order["kind"]](order["url"], order["greenlets"])
    _together(order["greenlets"], once)

    def work(times: Times) -> dict[str, Any]:
        tally = Tally(times.measure_from, times.end)

        def repeat() -> None:
            while (begun := time.monotonic()) < times.end:
                once()
                tally.note(begun, time.monotonic(), "0")

        _together(order["greenlets"], repeat)
        return {**tally.as_json(), "cpu": 0.0}  # it is read from outside, as that of a server
    return work


def _together(count: int, work: Callable[[], object]) -> None:
    gevent.joinall([gevent.spawn(work) for _ in range(count)], raise_error=True)


def _nats_client(url: str) -> Client:
    client = Client([url], name="bench", timeout=5.0)
    client.start()
    assert client.wait_connected(5)
    return client


def _pool(url: str, greenlets: int) -> PooledDB:
    return PooledDB(pymysql, mincached=greenlets, maxconnections=greenlets, blocking=True, reset=False, ping=0,
                    autocommit=True, **database.arguments(url))


def main() -> None:
    if sys.argv[1:2] == ["answer"]:
        answer_requests(sys.argv[2])
    else:
        take_part(prepare)


if __name__ == "__main__":
    main()
