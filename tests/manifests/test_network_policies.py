"""The policies say who may speak to whom, at both ends alike."""

import pytest

from tests.manifests.support.objects import Objects
from tests.manifests.support.policies import (
    MONITORING,
    NAMES,
    NODE_LOCAL_NAMES,
    OUTSIDE,
    egress,
    ingress,
)

CONNECTIONS = {
    ("auth", "redis", 6379),
    ("chatlog", "nats", 4222),
    ("edge", "auth", 8001), ("edge", "nats", 4222),
    ("gate", "nats", 4222), ("gate", "redis", 6379),
    ("nats", "nats", 6222),
    ("redis", "redis", 6379), ("redis", "redis", 26379),
    ("worker", "auth", 8001), ("worker", "config", 8000), ("worker", "gate", 8201), ("worker", "mail", 8020),
    ("worker", "nats", 4222), ("worker", "redis", 6379),
    ("migrate", "mysql", 3306), ("worker", "mysql", 3306),
}
FROM_OUTSIDE = {(OUTSIDE, "edge", 9000), (OUTSIDE, "gate", 8880)}
PAGES = {("auth", 8001), ("chatlog", 8100), ("config", 8000), ("edge", 8100), ("gate", 8100), ("mail", 8020),
         ("worker", 8100)}


def test_staging_lets_in_exactly_these(staging: Objects) -> None:
    assert ingress(staging) == CONNECTIONS | FROM_OUTSIDE | {(MONITORING, app, port) for app, port in PAGES}


def test_staging_lets_out_exactly_these_and_questions_for_names(staging: Objects) -> None:
    names = {connection for connection in egress(staging) if connection[1] == NAMES}
    assert {port for _, _, port in names} == {53}
    assert egress(staging) - names == CONNECTIONS


def test_production_differs_only_in_where_the_database_is(production: Objects) -> None:
    inside = {connection for connection in CONNECTIONS if connection[1] != "mysql"}
    lets_out = {connection for connection in egress(production) if connection[1] != NAMES}
    assert lets_out == inside | {("migrate", OUTSIDE, 3306), ("worker", OUTSIDE, 3306)}
    assert ingress(production) == inside | FROM_OUTSIDE | {(MONITORING, app, port) for app, port in PAGES}


@pytest.mark.parametrize("direction", ["Ingress", "Egress"])
def test_what_is_not_allowed_is_denied_for_every_pod(overlay: Objects, direction: str) -> None:
    everyone = overlay.get("NetworkPolicy", "everyone")["spec"]
    assert everyone["podSelector"] == {}
    assert direction in everyone["policyTypes"]
    assert "ingress" not in everyone


def test_names_are_asked_for_at_the_cache_of_the_node_too(overlay: Objects) -> None:
    (rule,) = overlay.get("NetworkPolicy", "everyone")["spec"]["egress"]
    assert {"ipBlock": NODE_LOCAL_NAMES} in rule["to"]
    assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 53), ("TCP", 53)}
