"""Finding one's way in rendered objects."""

import base64
import re
from collections.abc import Iterator, Sequence
from typing import Any

from tests.manifests.support.rendering import Object

NAME = "app.kubernetes.io/name"
WORKLOADS = ("Deployment", "Job", "StatefulSet")
SERVICES = ("auth", "chatlog", "config", "edge", "gate", "mail", "worker")
"""Those that run for ever; ``migrate`` is the one that ends."""
VARIABLE = re.compile(r"\$\(([A-Z_]+)\)")


class Objects:
    """The objects of one overlay."""

    def __init__(self, objects: Sequence[Object]) -> None:
        self.all = list(objects)

    def of_kind(self, *kinds: str) -> list[Object]:
        return [item for item in self.all if item["kind"] in kinds]

    def get(self, kind: str, name: str) -> Object:
        """Return the one object of this kind and name."""
        found = [item for item in self.of_kind(kind) if item["metadata"]["name"] == name]
        assert len(found) == 1, f"{len(found)} of {kind} {name}"
        return found[0]

    def workloads(self) -> list[Object]:
        return self.of_kind(*WORKLOADS)

    def workload(self, app: str) -> Object:
        """Return the Deployment, StatefulSet or Job whose pods have this name."""
        found = [item for item in self.workloads() if app_of(item) == app]
        assert len(found) == 1, f"{len(found)} workloads of {app}"
        return found[0]

    def files(self, kind: str, name: str) -> dict[str, bytes]:
        """Return the files in a ConfigMap or Secret."""
        item = self.get(kind, name)
        if kind == "Secret":
            return {key: base64.b64decode(value) for key, value in item.get("data", {}).items()}
        return {key: value.encode() for key, value in item.get("data", {}).items()}

    def environment(self, container: Object, fields: dict[str, str]) -> dict[str, str]:
        """Return the environment of a container; ``fields`` has values for field references, by their paths."""
        values: dict[str, str] = {}
        for source in container.get("envFrom", ()):
            files = self.files("ConfigMap", source["configMapRef"]["name"])
            values |= {key: value.decode() for key, value in files.items()}
        for entry in container.get("env", ()):
            values[entry["name"]] = self._value(entry, values, fields)
        return values

    def _value(self, entry: Object, values: dict[str, str], fields: dict[str, str]) -> str:
        source = entry.get("valueFrom")
        if source is None:
            return VARIABLE.sub(lambda found: values[found[1]], str(entry["value"]))
        if "fieldRef" in source:
            return fields[source["fieldRef"]["fieldPath"]]
        return self.files("Secret", source["secretKeyRef"]["name"])[source["secretKeyRef"]["key"]].decode()


def pod_of(workload: Object) -> Any:
    """Return the pod template of a workload."""
    return workload["spec"]["template"]


def app_of(workload: Object) -> str:
    """Return the name that the pods of a workload bear."""
    return str(pod_of(workload)["metadata"]["labels"][NAME])


def containers(workload: Object) -> Iterator[Object]:
    """Yield all containers, those that run before the others first."""
    spec = pod_of(workload)["spec"]
    yield from spec.get("initContainers", ())
    yield from spec["containers"]


def is_sidecar(container: Object) -> bool:
    """Whether a container that is started before the others goes on beside them, and ends after them."""
    return container.get("restartPolicy") == "Always"


def ports(container: Object) -> dict[str, int]:
    """Return the ports of a container by their names."""
    return {port["name"]: int(port["containerPort"]) for port in container.get("ports", ())}


def program_of(container: Object) -> str:
    """Return which of our programs a container runs; empty for a foreign image."""
    name = str(container["image"]).rpartition("/")[2].partition(":")[0]
    return name if "lukseun/" in container["image"] else ""
