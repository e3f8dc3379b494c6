"""The clusters of production are run from their manifests: three NATS servers; Redis that survives its primary."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis

from apps.local.backends import valkey_program
from common.redis_client import PipelinedRedis
from tests.manifests.support.local_pods import Container, LocalPods
from tests.manifests.support.objects import Objects
from tests.support.waiting import wait_for

SECONDS = 30.0
SHIM = Path(__file__).parent / "support" / "redis_cli.py"


@pytest.fixture
def pods(production: Objects, tmp_path: Path) -> LocalPods:
    """The pods of production, none of which runs yet."""
    pods = LocalPods(production, tmp_path)
    (pods.programs / "redis-server").symlink_to(valkey_program())
    (pods.programs / "redis-cli").write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{SHIM}" "$@"\n')
    (pods.programs / "redis-cli").chmod(0o755)
    return pods


def started(pods: LocalPods, app: str) -> Iterator[list[Container]]:
    """Run all containers of an app until the generator is closed."""
    containers = [container for pod in pods.of(app) for container in pods.containers(pod)]
    try:
        for container in containers:
            container.spawn()
        yield containers
    finally:
        for container in containers:
            container.kill()


@pytest.fixture
def nats(pods: LocalPods) -> Iterator[list[Container]]:
    """The NATS servers."""
    yield from started(pods, "nats")


@pytest.fixture
def cluster(pods: LocalPods) -> Iterator[list[Container]]:
    """The Redis servers and their sentinels."""
    yield from started(pods, "redis")


def page(container: Container, path: str) -> Any:
    """Return a page of a NATS server's monitor, None while there is none."""
    with closing(http.client.HTTPConnection(container.pod.address, 8222, timeout=5)) as connection:
        try:
            connection.request("GET", path)
            return json.load(connection.getresponse())
        except OSError:
            return None


def test_nats_servers_become_one_cluster_with_a_leader(nats: list[Container]) -> None:
    assert len(nats) == 3

    def whole() -> bool:
        states = [page(server, "/jsz") for server in nats]
        return all(state and state.get("meta_cluster", {}).get("leader") and
                   state["meta_cluster"]["cluster_size"] == 3 for state in states)

    wait_for(whole, SECONDS, "a leader of JetStream that all know")
    assert {page(server, "/varz")["server_name"] for server in nats} == {"nats-0", "nats-1", "nats-2"}
    wait_for(lambda: all(container.ready() for container in nats), SECONDS, "all to be ready")


def password(container: Container) -> str:
    return container._environment["REDISCLI_AUTH"] if container._environment else ""


def client(container: Container, port: int = 6379) -> redis.Redis:
    return redis.Redis(host=container.pod.address, port=port, password=password(container), socket_timeout=2)


def role(container: Container) -> str:
    """Return master or slave, empty when there is no answer."""
    try:
        with client(container) as connection:
            answer: Any = connection.execute_command("ROLE")
            return str(answer[0].decode())
    except redis.RedisError:
        return ""


def only_primary(servers: list[Container], what: str) -> Container:
    """Wait until one of the servers is the primary and another one its replica; return the primary."""
    def found() -> list[Container]:
        masters = [server for server in servers if role(server) == "master"]
        return masters if len(masters) == 1 and any(role(server) == "slave" for server in servers) else []

    return wait_for(found, SECONDS, what)[0]


def run_hook(container: Container, *names: str) -> int:
    """Run what a manifest wants run inside of a container."""
    hook: Any = container.spec
    for name in names:
        hook = hook[name]
    words = [*hook["exec"]["command"]]
    folder = container.pod.folders["config"]
    command = [word.replace("/etc/redis", str(folder)) for word in words]
    return subprocess.run(command, env=container._environment, timeout=SECONDS, check=False).returncode


@pytest.mark.skipif("ALL_MANIFESTS" not in os.environ, reason="takes half a minute: make manifests runs it")
def test_redis_hands_over_and_survives_the_death_of_its_primary(cluster: list[Container]) -> None:
    servers = [container for container in cluster if container.spec["name"] == "redis"]
    sentinels = {container.pod.name: container for container in cluster if container.spec["name"] == "sentinel"}
    first = only_primary(servers, "a primary")
    assert first.pod.name == "redis-0"
    wait_for(lambda: all(run_hook(container, "readinessProbe") == 0 for container in servers), SECONDS, "all answer")
    wait_for(lambda: knows_all(sentinels, first), SECONDS, "sentinels that know each other and the replicas")
    with client(first) as connection:
        connection.set("kept", "value")
        connection.wait(2, 5000)

    assert run_hook(first, "lifecycle", "preStop") == 0
    second = only_primary(servers, "the primary after the hand-over")
    assert second is not first
    assert first.stop(30)
    first.spawn()
    wait_for(lambda: role(first) == "slave", SECONDS, "the first one to be back as a replica")
    wait_for(lambda: knows_all(sentinels, second), SECONDS, "sentinels that know of the hand-over")

    second.kill()
    sentinels[second.pod.name].kill()
    left = [server for server in servers if server is not second]
    third = only_primary(left, "the primary after the death")
    with closing(PipelinedRedis(f"redis://{third.pod.address}:6379/0", password=password(third))) as service:
        service.start()
        assert service.get("kept") == b"value"


def knows_all(sentinels: dict[str, Container], server: Container) -> bool:
    """Whether each sentinel takes ``server`` for the primary, with two replicas and two other sentinels."""
    for sentinel in sentinels.values():
        try:
            with client(sentinel, 26379) as connection:
                state: Any = connection.sentinel_master("lukseun")
        except redis.RedisError:
            return False
        if (state["ip"], state["num-slaves"], state["num-other-sentinels"]) != (server.pod.address, 2, 2):
            return False
    return True
