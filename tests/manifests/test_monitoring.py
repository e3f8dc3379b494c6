"""Alerts, the dashboard and the autoscalers use metrics and labels that exist."""

import json
import re
from typing import Any

import pytest
import yaml

from tests.manifests.support.metrics import TARGET, grouped_by, known, selectors
from tests.manifests.support.objects import SERVICES, Objects
from tests.manifests.support.rendering import KUSTOMIZE

INTERVAL = "5m"


@pytest.fixture(scope="module")
def series() -> dict[str, set[str]]:
    """The labels of each series of the code, by its name."""
    return known()


def alerts(production: Objects) -> list[dict[str, Any]]:
    rule = production.get("PrometheusRule", "lukseun")
    return [alert for group in rule["spec"]["groups"] for alert in group["rules"]]


def panels(production: Objects) -> list[dict[str, Any]]:
    (dashboard,) = (item for item in production.of_kind("ConfigMap") if item["metadata"]["name"] == "dashboard")
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    return [panel for panel in json.loads(dashboard["data"]["lukseun.json"])["panels"] if panel["type"] != "row"]


def check(expression: str, series: dict[str, set[str]]) -> None:
    found = list(selectors(expression))
    assert found, expression
    for selector in found:
        assert selector.name in series, expression
        labels = series[str(selector.name)] | TARGET
        assert {matcher.name for matcher in selector.matchers.matchers} <= labels, expression
        assert grouped_by(expression) <= labels, expression


def test_alerts_use_what_exists_and_say_what_to_do(production: Objects, series: dict[str, set[str]]) -> None:
    found = alerts(production)
    assert len({alert["alert"] for alert in found}) == len(found) >= 20
    for alert in found:
        check(alert["expr"], series)
        assert alert["labels"]["severity"] in ("critical", "warning")
        assert set(alert["annotations"]) == {"action", "meaning"}
        named = set(re.findall(r"\$labels\.(\w+)", str(alert["annotations"])))
        assert named <= {*grouped_by(alert["expr"]), "deployment", "pod", "name"}, alert["alert"]


def test_panels_use_what_exists_and_do_not_overlap(production: Objects, series: dict[str, set[str]]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(production):
        for target in panel["targets"]:
            check(target["expr"].replace("$__rate_interval", INTERVAL), series)
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_autoscalers_use_metrics_that_the_adapter_makes_of_existing_ones(
    production: Objects, series: dict[str, set[str]]
) -> None:
    scalers = {item["metadata"]["name"]: item["spec"] for item in production.of_kind("HorizontalPodAutoscaler")}
    assert set(scalers) == set(SERVICES) - {"chatlog"}  # of which only one writes
    values = yaml.safe_load((KUSTOMIZE / "components" / "autoscaling" / "adapter-values.yaml").read_text())
    made = {rule["name"]["as"] for rule in values["rules"]["custom"]}
    used = {metric["pods"]["metric"]["name"] for spec in scalers.values() for metric in spec["metrics"]
            if metric["type"] == "Pods"}
    assert used == made
    assert made <= set(series)
    for name, spec in scalers.items():
        assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        assert "Resource" in {metric["type"] for metric in spec["metrics"]}


def test_everything_that_has_metrics_is_scraped(production: Objects) -> None:
    monitor = production.get("ServiceMonitor", "lukseun")["spec"]
    assert {(end["port"], end["path"]) for end in monitor["endpoints"]} == {("http", "/metrics"), ("ops", "/metrics")}
    (expression,) = monitor["selector"]["matchExpressions"]
    marked = {item["spec"]["selector"]["app.kubernetes.io/name"] for item in production.of_kind("Service")
              if expression["key"] in item["metadata"].get("labels", {})}
    assert marked == set(SERVICES)
