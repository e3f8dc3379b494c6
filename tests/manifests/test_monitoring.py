"""Alerts, the dashboard and the autoscalers use metrics and labels that exist."""

import json
import re
from typing import Any

import pytest
import yaml

from tests.manifests.support.documented import section
from tests.manifests.support.metrics import OF_OTHERS, TARGET, grouped_by, known, selectors
from tests.manifests.support.objects import SERVICES, Objects
from tests.manifests.support.rendering import KUSTOMIZE
from tests.manifests.support.settings import read
from tests.manifests.test_pods import FIELDS, main_container, without_files

INTERVAL = "5m"


@pytest.fixture(scope="module")
def series() -> dict[str, set[str]]:
    """The labels of each series of the code, by its name."""
    return known()


def alerts(production: Objects) -> list[dict[str, Any]]:
    return [alert for rule in production.of_kind("PrometheusRule") for group in rule["spec"]["groups"]
            for alert in group["rules"]]


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
        kept = {label for selector in selectors(alert["expr"]) for label in OF_OTHERS.get(str(selector.name), ())}
        assert named <= {*grouped_by(alert["expr"]), *kept, "pod"}, alert["alert"]


def test_installations_that_share_a_prometheus_are_told_apart(production: Objects, staging: Objects) -> None:
    namespaces = [overlay.of_kind("Namespace")[0]["metadata"]["name"] for overlay in (production, staging)]
    for alert in alerts(production):
        for grouping in re.findall(r"\bby \(([^)]*)\)", alert["expr"]):
            assert "namespace" in grouping.split(", "), alert["alert"]
        assert not re.search(r"\b(sum|avg|min|max|count)\(", alert["expr"]), alert["alert"]
        for selector in selectors(alert["expr"]):
            pattern = of_namespace(selector)
            assert all(re.fullmatch(pattern, name) for name in namespaces), alert["alert"]
            assert (re.fullmatch(pattern, "default") is None) == (selector.name in OF_OTHERS), alert["alert"]


def of_namespace(selector: Any) -> str:
    """Return the expression that namespaces have to match."""
    return next((str(matcher.value) for matcher in selector.matchers.matchers if matcher.name == "namespace"), ".*")


def test_every_kind_of_trouble_has_an_alert(production: Objects) -> None:
    watched = " ".join(alert["expr"] for alert in alerts(production))
    for workload in production.of_kind("Deployment"):
        assert re.search(rf'replicas_available{{[^}}]*deployment=~"[^"]*\b{workload["metadata"]["name"]}\b', watched)
    for workload in production.of_kind("StatefulSet"):
        name = workload["metadata"]["name"]
        assert re.search(rf'statefulset_status_replicas_ready{{[^}}]*statefulset=~"[^"]*\b{name}\b', watched)
        (claim,) = workload["spec"]["volumeClaimTemplates"]
        assert claimed(watched, f"{claim['metadata']['name']}-{name}-0")
    for claim in production.of_kind("PersistentVolumeClaim"):
        assert claimed(watched, claim["metadata"]["name"])


def claimed(watched: str, claim: str) -> bool:
    (pattern,) = set(re.findall(r'persistentvolumeclaim=~"([^"]*)"', watched))
    return re.fullmatch(pattern, claim) is not None


def test_connections_of_a_worker_are_used_up_before_there_are_none(production: Objects) -> None:
    (alert,) = (alert for alert in alerts(production) if alert["alert"] == "DatabaseConnectionsUsedUp")
    settings = read("worker", without_files(production.environment(main_container(production, "worker"), FIELDS)))
    all_of_them = 2 * settings.mysql_connections  # for reading, and as many for transactions
    assert 0.8 * all_of_them <= float(alert["expr"].rpartition(">")[2]) < all_of_them
    assert f" {all_of_them} " in alert["annotations"]["meaning"]


def test_the_manual_tells_what_to_do_about_each_alert(production: Objects) -> None:
    rows = re.findall(r"^\| ([A-Z]\w+(?:, [A-Z]\w+)*)( \(critical\))? \|.+\|.+\|$",
                      section("docs/operations.md", "When an alert fires"), re.MULTILINE)
    told = {name: bool(critical) for names, critical in rows for name in names.split(", ")}
    assert told == {alert["alert"]: alert["labels"]["severity"] == "critical" for alert in alerts(production)}


def test_the_dashboard_shows_one_installation_at_a_time(production: Objects) -> None:
    (dashboard,) = (item for item in production.of_kind("ConfigMap") if item["metadata"]["name"] == "dashboard")
    variables = {one["name"] for one in json.loads(dashboard["data"]["lukseun.json"])["templating"]["list"]}
    assert "namespace" in variables
    for panel in panels(production):
        for target in panel["targets"]:
            for selector in selectors(target["expr"].replace("$__rate_interval", INTERVAL)):
                assert of_namespace(selector) == "$namespace", panel["title"]


def test_common_installations_find_what_is_scraped_and_alerted(production: Objects) -> None:
    for item in production.of_kind("ServiceMonitor", "PrometheusRule"):
        assert item["metadata"]["labels"]["release"] == "kube-prometheus-stack"


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
    rules = values["rules"]["custom"]
    made = {rule["name"]["as"] for rule in rules}
    used = {metric["pods"]["metric"]["name"] for spec in scalers.values() for metric in spec["metrics"]
            if metric["type"] == "Pods"}
    assert used == made
    assert {re.split(r"\W", rule["seriesQuery"])[0] for rule in rules} <= set(series)
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
