"""The overlays render, to objects that Kubernetes knows, and only with all secrets."""

import ipaddress
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from tests.manifests.support import rendering
from tests.manifests.support.objects import NAME, SERVICES, Objects, app_of, containers, pod_of

FOREIGN = {"Certificate": "cert-manager.io/v1", "ServiceMonitor": "monitoring.coreos.com/v1",
           "PrometheusRule": "monitoring.coreos.com/v1"}
"""Kinds that a cluster learns from others; Kubernetes itself has no schema of them."""


def test_each_object_fits_the_schema_of_kubernetes(overlay: Objects) -> None:
    for item in overlay.all:
        if item["kind"] in FOREIGN:
            assert item["apiVersion"] == FOREIGN[item["kind"]]
        else:
            kubernetes_validate.validate(item, "1.37", strict=True)


def test_every_object_is_in_the_namespace_of_its_overlay(overlay: Objects) -> None:
    (namespace,) = overlay.of_kind("Namespace")
    name = namespace["metadata"]["name"]
    assert {item["metadata"]["namespace"] for item in overlay.all if item is not namespace} == {name}
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("overlay_name", rendering.OVERLAYS)
@pytest.mark.parametrize("secret", ["jwt-key", "mysql-migrate-url", "mysql-url", "nats-password", "redis-password"])
def test_a_missing_secret_ends_the_rendering_and_is_named(tmp_path: Path, overlay_name: str, secret: str) -> None:
    tree = rendering.copy(tmp_path)
    rendering.make_secrets(tree, overlay_name, *rendering.OUTSIDE)
    (tree / "overlays" / overlay_name / "secrets" / secret).unlink()
    done = rendering.kubectl(tree, overlay_name)
    assert done.returncode != 0
    assert f"secrets/{secret}' : lstat" in done.stderr
    assert "no such file" in done.stderr
    assert done.stdout == ""


def test_secrets_of_production_are_never_made_up_where_they_lead_outside(tmp_path: Path) -> None:
    tree = rendering.copy(tmp_path)
    done = rendering.make_secrets(tree, "production")
    assert done.returncode == 1
    assert "missing: mysql-migrate-url, mysql-url" in done.stderr


def test_making_secrets_again_changes_none_and_they_are_private(tmp_path: Path) -> None:
    tree = rendering.copy(tmp_path)
    folder = tree / "overlays" / "staging" / "secrets"
    assert rendering.make_secrets(tree, "staging").returncode == 0
    before = {path.name: path.read_text() for path in folder.iterdir()}
    (folder / "mysql-url").unlink()
    assert "written: mysql-url\n" in rendering.make_secrets(tree, "staging").stdout
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(text == text.strip() for text in before.values())


def test_a_changed_option_or_secret_rolls_the_pods(tmp_path: Path) -> None:
    tree = rendering.copy(tmp_path)
    rendering.make_secrets(tree, "staging")
    before = Objects(rendering.render(tree, "staging"))
    options = tree / "base" / "gate" / "options.env"
    options.write_text(options.read_text() + "MAX_PENDING=17\n")
    (tree / "overlays" / "staging" / "secrets" / "jwt-key").write_text("k2:" + "x" * 40)
    after = Objects(rendering.render(tree, "staging"))
    changed = {app for app in SERVICES if pod_of(before.workload(app)) != pod_of(after.workload(app))}
    assert changed == {"auth", "gate"}


def test_images_are_pinned_and_ours_come_from_the_registry(overlay: Objects) -> None:
    images = {container["image"] for workload in overlay.workloads() for container in containers(workload)}
    tags = {image.rpartition("/")[2].partition(":")[2] for image in images}
    assert not tags & {"", "latest"}
    registry = "registry.cn-hangzhou.aliyuncs.com/lukseun/"
    assert {image for image in images if image.startswith(registry)} == {
        f"{registry}{name}:0.1.0" for name in (*SERVICES, "migrate")}
    assert len([image for image in images if "lukseun/" in image]) == len(SERVICES) + 1


def test_staging_is_small_and_needs_nothing_outside(staging: Objects) -> None:
    assert {app_of(workload) for workload in staging.workloads()} == {*SERVICES, "migrate", "mysql", "nats", "redis"}
    assert {workload["spec"].get("replicas", 1) for workload in staging.workloads()} == {1}
    assert not staging.of_kind(*FOREIGN, "HorizontalPodAutoscaler")


def test_production_has_two_of_everything_over_zones(production: Objects) -> None:
    scaled = {item["metadata"]["name"]: item["spec"]["minReplicas"]
              for item in production.of_kind("HorizontalPodAutoscaler")}
    for workload in production.of_kind("Deployment", "StatefulSet"):
        replicas = workload["spec"].get("replicas") or scaled[app_of(workload)]
        assert replicas >= 2, app_of(workload)
        zone, host = pod_of(workload)["spec"]["topologySpreadConstraints"]
        assert (zone["topologyKey"], host["topologyKey"]) == ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        assert zone["whenUnsatisfiable"] == "DoNotSchedule"
    assert not [name for name in scaled if "replicas" in production.get("Deployment", name)["spec"]]
    assert not [workload for workload in production.workloads() if app_of(workload) == "mysql"]


def test_production_has_its_names(production: Objects) -> None:
    for app, name in (("gate", "game.aliya.lukseun.com"), ("edge", "edge.aliya.lukseun.com")):
        assert production.get("Certificate", app)["spec"]["dnsNames"] == [name]
        annotations = production.get("Service", app)["metadata"]["annotations"]
        assert annotations["external-dns.alpha.kubernetes.io/hostname"] == name


def test_only_gate_and_edge_are_open_to_the_outside(overlay: Objects) -> None:
    kinds: dict[str, Any] = {item["metadata"]["name"]: item["spec"] for item in overlay.of_kind("Service")}
    outside = {name for name, spec in kinds.items() if spec.get("type", "ClusterIP") != "ClusterIP"}
    assert outside == {"edge", "gate"}
    assert {kinds[name]["externalTrafficPolicy"] for name in outside} == {"Local"}
    assert {(port["port"], port["name"]) for name in outside for port in kinds[name]["ports"]} == {
        (8880, "game"), (9000, "chat")}
    assert not overlay.of_kind("Ingress")


def test_selectors_find_pods_and_their_ports(overlay: Objects) -> None:
    open_ports = {app_of(workload): {name for container in containers(workload)
                                     for name in (port["name"] for port in container.get("ports", ()))}
                  for workload in overlay.workloads()}
    for workload in overlay.of_kind("Deployment", "StatefulSet"):
        assert workload["spec"]["selector"]["matchLabels"] == {NAME: app_of(workload)}
        for rule in pod_of(workload)["spec"].get("topologySpreadConstraints", ()):
            assert rule["labelSelector"]["matchLabels"] == {NAME: app_of(workload)}
    for service in overlay.of_kind("Service"):
        app = service["spec"]["selector"][NAME]
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= open_ports[app], service["metadata"]
    for workload in overlay.of_kind("StatefulSet"):
        peers = overlay.get("Service", workload["spec"]["serviceName"])
        assert peers["spec"]["clusterIP"] == "None"
        assert peers["spec"]["selector"] == {NAME: app_of(workload)}


def test_staging_is_open_to_private_networks_only(staging: Objects, production: Objects) -> None:
    """It has the functions of development."""
    for item in staging.of_kind("Service"):
        if item["spec"].get("type") == "LoadBalancer":
            ranges = [ipaddress.ip_network(text) for text in item["spec"]["loadBalancerSourceRanges"]]
            assert ranges
            assert all(network.is_private for network in ranges)
            assert "intranet" in item["metadata"]["annotations"].values()
    assert not [item for item in production.of_kind("Service") if "loadBalancerSourceRanges" in item["spec"]]


def test_volumes_of_many_writers_name_a_class_that_can(overlay: Objects) -> None:
    for claim in overlay.of_kind("PersistentVolumeClaim"):
        assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
        assert claim["spec"]["storageClassName"], claim["metadata"]["name"]


def test_certificates_are_signed_by_the_issuer_of_the_example_over_dns(production: Objects) -> None:
    issuer = yaml.safe_load((rendering.KUSTOMIZE / "cluster" / "issuer.yaml").read_text("utf-8"))
    zones = [zone for solver in issuer["spec"]["acme"]["solvers"] for zone in solver["selector"]["dnsZones"]]
    assert all("dns01" in solver for solver in issuer["spec"]["acme"]["solvers"])
    for certificate in production.of_kind("Certificate"):
        reference = certificate["spec"]["issuerRef"]
        assert (reference["kind"], reference["name"]) == (issuer["kind"], issuer["metadata"]["name"])
        assert all(name.endswith(tuple(f".{zone}" for zone in zones)) for name in certificate["spec"]["dnsNames"])


def test_servers_that_need_a_majority_start_side_by_side(production: Objects) -> None:
    for workload in production.of_kind("StatefulSet"):
        assert workload["spec"]["podManagementPolicy"] == "Parallel"
