"""The staging overlay is run: each container by its command and environment, and two players go through it all."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
import pymysql
import pytest

from apps.client.gate import Address, Gate
from apps.client.tour import Tour
from apps.migrate.migrations import LOCK
from common.mysql_url import connection_options
from tests.manifests.support import rendering
from tests.manifests.support.connections import Watch
from tests.manifests.support.container import Container, start
from tests.manifests.support.local_pods import LocalPods
from tests.manifests.support.objects import SERVICES, Objects, ports
from tests.manifests.support.policies import MONITORING, OUTSIDE, ingress
from tests.support.waiting import wait_for

START_SECONDS = 60.0
ONLY_AMONG_SEVERAL = {("nats", "nats", 6222), ("redis", "redis", 6379), ("redis", "redis", 26379)}
"""Connections inside of a cluster of servers, which staging does not have."""


class System:
    """All pods of an overlay as processes of this machine, but for the database, which is one that runs already."""

    def __init__(self, objects: Objects, folder: Path, database_url: str) -> None:
        self.pods = LocalPods(objects, folder)
        self.running: list[Container] = []
        self._database = urlsplit(database_url)
        places = {(pod.address, port): pod.app for pod in self.pods.pods for spec in pod.spec["containers"]
                  for port in ports(spec).values()}
        self.watch = Watch(places | {(str(self._database.hostname), self._database.port or 0): "mysql"})

    def start(self) -> None:
        """Start in the order that the cluster finds by itself: backends, the Job, then all services at once."""
        for container in [*self._prepared("nats"), *self._prepared("redis")]:
            container.spawn()
        for container in self.running:
            wait_for(container.listens, START_SECONDS, f"{container.name}, see {container.log_file}")
        self._migrate()
        kept = [container for app in SERVICES for container in self._prepared(app)]
        start(kept, START_SECONDS)

    def _migrate(self) -> None:
        """Start the Job and what workers wait for it with, and hold them up by their lock until both are connected."""
        waiting = [*self._prepared("migrate"), *self._prepared("worker", initial=True)]
        connected = {(app, "mysql", self._database.port) for app in ("migrate", "worker")}
        options: dict[str, Any] = connection_options(self._database.geturl(), 5, 5)
        with pymysql.connect(**options) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT GET_LOCK(%s, 5)", (LOCK,))
            for container in waiting:
                container.spawn()
            wait_for(lambda: connected <= self.watch.seen, START_SECONDS, "the migrations to be connected")
            assert all(container.running for container in waiting)
        wait_for(lambda: all(container.ready() for container in waiting), START_SECONDS, "the migrations to end well")

    def stop_services(self) -> dict[str, str]:
        """Tell all services to end, as Kubernetes does after preStop; return how each of them ended."""
        kept = [container for container in self.running if container.pod.app in SERVICES and container.running]
        gevent.joinall([gevent.spawn(container.stop, container.grace_seconds) for container in kept])
        return {container.pod.app: container.wait() for container in kept}

    def _prepared(self, app: str, *, initial: bool = False) -> list[Container]:
        found = [container for pod in self.pods.of(app) for container in self.pods.containers(pod, initial=initial)]
        self.running += found
        self.watch.containers += found
        return found


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, own_database_url: str) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("system")
    tree = rendering.copy(folder)
    urls = (f"mysql-url={own_database_url}", f"mysql-migrate-url={own_database_url}")
    assert rendering.make_secrets(tree, "staging", *urls).returncode == 0
    running = System(Objects(rendering.render(tree, "staging")), folder / "pods", own_database_url)
    try:
        running.start()
        yield running
    finally:
        running.watch.stop()
        for container in running.running:
            container.kill()
        shutil.rmtree(folder, ignore_errors=True)


def play(system: System) -> None:
    gate, edge = (Address(system.pods.of(app)[0].address, port) for app, port in (("gate", 8880), ("edge", 9000)))
    Tour(Gate([gate]), [edge], "s0", lambda line: None).play()


def test_the_tour_is_played_over_the_allowed_connections_and_all_ends_in_time(
    system: System, staging: Objects
) -> None:
    play(system)
    seen = {(client, server, 3306 if server == "mysql" else port) for client, server, port in system.watch.stop()}
    allowed = {connection for connection in ingress(staging) if connection[0] not in (OUTSIDE, MONITORING)}
    assert seen == allowed - ONLY_AMONG_SEVERAL
    assert system.stop_services() == dict.fromkeys(SERVICES, "exit code 0")
