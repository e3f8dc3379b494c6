"""Backends that come back empty."""

import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import gevent
import orjson
import pymysql
import redis

from common.mysql_url import connection_options
from common.nats import Client
from tests.faults.strikes import Field
from tests.support.waiting import wait_for

EMPTY_SECONDS = 4.0
STATEMENT_SECONDS = 15.0
NOTICED_SECONDS = 5.0
"""A worker looks once a second whether its tables are there, and says so at its next answer."""
STREAMS_SECONDS = 20.0
"""Those who use a stream look every 10 s whether it is there."""
NATS_SECONDS = 2.0
AWAY = "_away"


def empty_redis(field: Field) -> None:
    """All keys are gone, and all connections with them."""
    with redis.Redis.from_url(field.stage.redis_url) as client:
        client.flushall()
    field.stage.processes.restart("redis", signal.SIGKILL)
    field.returns.watch()


def empty_nats(field: Field) -> None:
    """What JetStream kept is gone, and all connections with it; those who use streams make them anew."""
    processes = field.stage.processes
    folder = processes.system.data / "nats"
    lost = folder.with_name("nats-lost")
    before = wait_for(lambda: streams(field.stage.nats_url), STREAMS_SECONDS, "the streams to be there")
    pid = processes.send("nats", signal.SIGKILL)
    wait_for(lambda: pid not in {found.pid for found in processes.all()}, what="nats to be dead")
    folder.rename(lost)
    processes.wait_back("nats", pid)
    field.returns.watch()
    shutil.rmtree(lost)
    wait_for(lambda: streams(field.stage.nats_url) == before, STREAMS_SECONDS, f"the streams {before} to be back")


def streams(url: str) -> list[str]:
    """Return the names of the streams that a NATS server has. Raises NATSError."""
    with closing(Client([url], name="fault-tests", timeout=NATS_SECONDS)) as client:
        client.start()
        return sorted(orjson.loads(client.request("$JS.API.STREAM.NAMES").payload)["streams"] or ())


def empty_mysql(field: Field) -> None:
    """All tables are away for a while, as if a server without data had taken the place of the right one."""
    workers = field.stage.processes.names("worker")
    with pymysql.connect(**connection_options(field.stage.database_url, NATS_SECONDS, STATEMENT_SECONDS)) as connection:
        with tables_away(connection.cursor(), urlsplit(field.stage.database_url).path.lstrip("/")):
            wait_for(lambda: set(workers) <= set(field.stage.processes.not_ready()), NOTICED_SECONDS,
                     "all workers to say that they are not ready")
            gevent.sleep(EMPTY_SECONDS)
            field.problems += [f"{name} says that it is ready without tables"
                               for name in set(workers) - set(field.stage.processes.not_ready())]
        field.returns.watch()


@contextmanager
def tables_away(cursor: Any, schema: str) -> Iterator[None]:
    """Move all tables into another schema, all at once, and back again."""
    away = schema + AWAY
    cursor.execute(f"CREATE DATABASE {away}")
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", schema)
    tables = [str(row[0]) for row in cursor.fetchall()]
    try:
        cursor.execute(move(tables, schema, away))
        try:
            yield
        finally:
            cursor.execute(move(tables, away, schema))
    finally:
        cursor.execute(f"DROP DATABASE {away}")


def move(tables: Sequence[str], source: str, target: str) -> str:
    """Return the statement that moves tables; it happens as a whole or not at all."""
    return "RENAME TABLE " + ", ".join(f"`{source}`.`{table}` TO `{target}`.`{table}`" for table in tables)
