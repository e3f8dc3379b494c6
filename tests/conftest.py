"""Servers that tests share, and the check that tests leave no process behind.

A test that stops, kills or freezes a server uses one of the ``own_...`` fixtures.
"""

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest

from apps.local.backends import MariaDB, Nats, Valkey
from apps.local.mariadb_install import MariaDBPrograms
from tests.support import backend_servers
from tests.support.local_system import LocalSystem
from tests.support.process_tree import adopt_orphans, descendants
from tests.support.waiting import wait_for

LEAVE_SECONDS = 5.0
NUMBERS = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def no_process_left() -> Iterator[None]:
    """After all tests and all other fixtures no child process runs any more."""
    adopt_orphans()
    yield
    wait_for(lambda: not descendants(os.getpid()), LEAVE_SECONDS, f"the end of {descendants(os.getpid())}")


@pytest.fixture(scope="session")
def nats_server(no_process_left: None) -> Iterator[Nats]:
    """A NATS server for all tests; use subjects of your own."""
    with backend_servers.nats() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(no_process_left: None) -> Iterator[Valkey]:
    """A Redis-protocol server for all tests; use keys of your own."""
    with backend_servers.redis() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_programs() -> MariaDBPrograms:
    """MariaDB of this machine, got first if there is none."""
    return backend_servers.mariadb_programs()


@pytest.fixture(scope="session")
def database_server(no_process_left: None, mariadb_programs: MariaDBPrograms) -> Iterator[MariaDB]:
    """A MariaDB for all tests; take a database of your own with ``database_url``."""
    with backend_servers.database(mariadb_programs) as server:
        yield server


@pytest.fixture
def database_url(database_server: MariaDB) -> Iterator[str]:
    """The URL of an empty database for one test."""
    with backend_servers.empty_database(database_server, f"lukseun_{next(NUMBERS)}") as url:
        yield url


@pytest.fixture
def own_nats_server() -> Iterator[Nats]:
    """A NATS server that the test may kill."""
    with backend_servers.nats() as server:
        yield server


@pytest.fixture
def own_redis_server() -> Iterator[Valkey]:
    """A Redis-protocol server that the test may kill."""
    with backend_servers.redis() as server:
        yield server


@pytest.fixture
def own_database_server(mariadb_programs: MariaDBPrograms) -> Iterator[MariaDB]:
    """A MariaDB that the test may kill."""
    with backend_servers.database(mariadb_programs) as server:
        yield server


@pytest.fixture(scope="session")
def local_system(no_process_left: None) -> Iterator[LocalSystem]:
    """The whole system on free ports, for tests that neither stop it nor kill its processes."""
    with backend_servers.folder() as folder:
        running = LocalSystem(folder / "run")
        try:
            yield running.start()
        finally:
            running.clean_up()


@pytest.fixture(scope="session")
def system(local_system: LocalSystem) -> dict[str, Any]:
    """The endpoints of the whole system, as they stand in endpoints.json."""
    return local_system.endpoints
