"""The building blocks alone, as quick as they can be: the floor below everything that is built from them.

``python -m gevent.monkey --module tests.load.bare``. Reads one JSON object from the standard input (``kind``, ``url``,
``greenlets``, ``begin``, ``measure_from``, ``end``), and prints what ``tests.load.client`` prints.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from random import Random
from typing import Any

import gevent
import pymysql
from dbutils.pooled_db import PooledDB

from common.mysql import connection_options
from common.nats import Client
from common.nats.message import Message
from common.redis_client import PipelinedRedis
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
                           (f"crowd-{random.randrange(100)}",))
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


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Do one thing over and over, in several greenlets."""
    once = KINDS[order["kind"]](order["url"], order["greenlets"])
    tally = Tally(order["measure_from"], order["end"])

    def repeat() -> None:
        while (begun := time.monotonic()) < order["end"]:
            once()
            tally.note(begun, time.monotonic(), "0")

    greenlets = [gevent.spawn(repeat) for _ in range(order["greenlets"])]
    gevent.joinall(greenlets, raise_error=True)
    return {**tally.as_json(), "cpu": 0.0}  # it is read from outside, as that of a server


def _nats_client(url: str) -> Client:
    client = Client([url], name="bench", timeout=5.0)
    client.start()
    assert client.wait_connected(5)
    return client


def _pool(url: str, greenlets: int) -> PooledDB:
    return PooledDB(pymysql, maxconnections=greenlets, maxcached=greenlets, blocking=True, reset=False, ping=0,
                    **connection_options(url, 5, 5))


def main() -> None:
    if sys.argv[1:2] == ["answer"]:
        answer_requests(sys.argv[2])
    else:
        print(json.dumps(run(json.loads(sys.stdin.read()))), flush=True)


if __name__ == "__main__":
    main()
