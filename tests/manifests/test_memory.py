"""The limits of memory hold what the options let a process take."""

import re
from typing import Any

from operations.capacity_settings import CapacitySettings
from tests.manifests.support.objects import Objects
from tests.manifests.support.settings import read
from tests.manifests.test_pods import FIELDS, main_container, without_files

UNITS = {"Mi": 2**20, "Gi": 2**30}
AT_REST = 60e6
TLS_CLIENT = CapacitySettings().client_tls_kilobytes * 1000
TOKEN, PLAYER = 1100, 500  # bytes of what a worker remembers, measured


def limit(objects: Objects, service: str) -> tuple[int, Any]:
    """Return the limit of a service in bytes, and its settings."""
    container = main_container(objects, service)
    found = re.fullmatch(r"(\d+)(\w+)", container["resources"]["limits"]["memory"])
    assert found
    settings = read(service, without_files(objects.environment(container, FIELDS)))
    return int(found[1]) * UNITS[found[2]], settings


def test_an_edge_holds_its_clients_and_all_that_may_wait_for_them(overlay: Objects) -> None:
    most, settings = limit(overlay, "edge")
    assert AT_REST + settings.max_connections * TLS_CLIENT + settings.send_total_bytes <= most
    assert settings.send_total_bytes > 100 * settings.send_queue_bytes


def test_a_gate_holds_its_clients_and_the_largest_lines_of_all_who_wait(overlay: Objects) -> None:
    most, settings = limit(overlay, "gate")
    assert AT_REST + settings.max_connections * TLS_CLIENT + settings.max_pending * settings.line_limit <= most


def test_a_worker_holds_what_it_remembers(overlay: Objects) -> None:
    most, settings = limit(overlay, "worker")
    assert 2 * AT_REST + settings.token_cache * TOKEN + settings.player_cache * PLAYER <= most / 2
