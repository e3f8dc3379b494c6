"""The three NATS servers of production are run from their manifests."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.manifests.support.container import Container
from tests.manifests.support.local_pods import LocalPods, running
from tests.manifests.support.objects import Objects
from tests.support.waiting import wait_for

SECONDS = 30.0


@pytest.fixture
def nats(production: Objects, tmp_path: Path) -> Iterator[list[Container]]:
    """The NATS servers."""
    with running(LocalPods(production, tmp_path), "nats") as containers:
        yield containers


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
