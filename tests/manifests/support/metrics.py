"""Which metrics the code has."""

import importlib
import pkgutil
from collections.abc import Iterator

import promql_parser
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

import common
from tests.manifests.support.objects import SERVICES

ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
OF_EACH_PROCESS = {"process_cpu_seconds_total", "process_open_fds", "process_resident_memory_bytes",
                   "process_start_time_seconds"}
OF_OTHERS = {
    "certmanager_certificate_expiration_timestamp_seconds": {"name"},
    "container_memory_working_set_bytes": {"container"},
    "kube_deployment_status_replicas_available": {"deployment"},
    "kube_deployment_status_replicas_unavailable": {"deployment"},
    "kube_horizontalpodautoscaler_spec_max_replicas": {"horizontalpodautoscaler"},
    "kube_horizontalpodautoscaler_status_condition": {"horizontalpodautoscaler", "condition", "status"},
    "kube_horizontalpodautoscaler_status_current_replicas": {"horizontalpodautoscaler"},
    "kube_job_failed": {"job_name", "condition"},
    "kube_job_status_active": {"job_name"},
    "kube_pod_container_status_restarts_total": {"container"},
    "kube_statefulset_replicas": {"statefulset"},
    "kube_statefulset_status_replicas_ready": {"statefulset"},
    "kubelet_volume_stats_available_bytes": {"persistentvolumeclaim"},
    "kubelet_volume_stats_capacity_bytes": {"persistentvolumeclaim"},
}
"""Of kube-state-metrics, kubelets and cert-manager, which tell of all namespaces."""
TARGET = {"app_kubernetes_io_name", "namespace", "pod"}
"""Labels that Prometheus adds to what it scrapes."""


def known() -> dict[str, set[str]]:
    """Return the labels of each series, by its name."""
    for package in (common, *(importlib.import_module(f"apps.{service}") for service in SERVICES)):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)
    series = {name: set[str]() for name in (*OF_EACH_PROCESS, "up")} | OF_OTHERS
    for collector in set(REGISTRY._names_to_collectors.values()):
        if isinstance(collector, MetricWrapperBase):
            bucket = {"le"} if collector._type == "histogram" else set()
            series |= {collector._name + ending: {*collector._labelnames, *bucket}
                       for ending in ENDINGS[str(collector._type)]}
    return series


def selectors(expression: str) -> Iterator[promql_parser.VectorSelector]:
    """Yield each place in an expression where a metric is named. Raises ValueError for what is no PromQL."""
    yield from _walk(promql_parser.parse(expression))


def grouped_by(expression: str) -> set[str]:
    """Return the labels that are named after ``by``."""
    return {label for part in expression.split("by (")[1:] for label in part.partition(")")[0].split(", ")}


def _walk(node: object) -> Iterator[promql_parser.VectorSelector]:
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for child in ("expr", "lhs", "rhs", "vector_selector"):
        if hasattr(node, child):
            yield from _walk(getattr(node, child))
    for argument in getattr(node, "args", ()):
        yield from _walk(argument)


