"""Real NATS, Redis and MariaDB servers for tests: on free ports, with their data in a folder that goes away."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql

from apps.local.backends import MariaDB, Nats, Valkey
from apps.local.mariadb_install import MariaDBPrograms, find_or_install
from apps.local.ports import free_port
from apps.local.processes import ROOT
from tests.support.waiting import PATIENCE

PASSWORD = "a-password-of-tests"


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of its own that is removed, whatever happened."""
    with tempfile.TemporaryDirectory(prefix="servers-") as name:
        yield Path(name)


@contextmanager
def nats() -> Iterator[Nats]:
    """A running nats-server."""
    with folder() as data:
        server = Nats("nats", data / "nats", free_port(), data / "nats.log")
        try:
            server.start()
            yield server
        finally:
            server.kill()


@contextmanager
def redis() -> Iterator[Valkey]:
    """A running Redis-protocol server."""
    with folder() as data:
        server = Valkey("redis", data / "redis", free_port(), data / "redis.log")
        try:
            server.start()
            yield server
        finally:
            server.kill()


@contextmanager
def database(programs: MariaDBPrograms) -> Iterator[MariaDB]:
    """A running MariaDB with an empty database."""
    with folder() as data:
        server = MariaDB("mysql", data / "mysql", free_port(), data / "mysql.log",
                         programs=programs, password=PASSWORD)
        try:
            server.start()
            yield server
        finally:
            server.kill()


def mariadb_programs() -> MariaDBPrograms:
    """MariaDB's programs, got as ``make run`` gets them when the machine has none."""
    run = ROOT / ".run"
    return find_or_install(run / "mariadb", run / "logs" / "install.log", print)


@contextmanager
def empty_database(server: MariaDB, name: str) -> Iterator[str]:
    """The URL of a new database on a running server, which is dropped afterwards; ``name`` begins with lukseun."""
    _execute(server, f"CREATE DATABASE `{name}`")
    try:
        yield server.url.rpartition("/")[0] + f"/{name}"
    finally:
        _execute(server, f"DROP DATABASE `{name}`")


def _execute(server: MariaDB, statement: str) -> None:
    connection: pymysql.Connection[pymysql.cursors.Cursor] = server.connect(PATIENCE)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
