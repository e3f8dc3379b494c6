"""Runs the containers of rendered manifests as processes of this machine.

What a pod would see is mapped, and nothing else is changed: each pod has an address of its own on the loopback
network, each volume is a folder, and in the environment, the arguments and the files of ConfigMaps the names of
services become addresses and the paths of volumes become folders. Programs keep their ports.
"""

import http.client
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from apps.local.backends import nats_program
from apps.local.processes import Managed
from tests.manifests.support.addresses import Addresses
from tests.manifests.support.dockerfiles import Dockerfile
from tests.manifests.support.objects import NAME, Objects, app_of, pod_of, ports, program_of
from tests.manifests.support.rendering import Object

PROBE_SECONDS = 2.0
USUAL_GRACE_SECONDS = 30


@dataclass(frozen=True)
class Pod:
    """A pod of a workload with its address and the folders that stand for its volumes."""

    name: str
    app: str
    address: str
    spec: Object
    folders: dict[str, Path] = field(default_factory=dict)


class Container(Managed):
    """A container as a process; ready when its readiness probe says so, or when it ended, if it has none."""

    def __init__(self, pod: Pod, spec: Object, command: list[str], environment: dict[str, str], log_file: Path) -> None:
        super().__init__(f"{pod.name}/{spec['name']}", log_file, environment)
        self.pod = pod
        self.spec = spec
        self._command = command

    @property
    def grace_seconds(self) -> float:
        """Seconds from the signal to the kill that the manifest leaves to the process itself."""
        return float(self.pod.spec.get("terminationGracePeriodSeconds", USUAL_GRACE_SECONDS) - self.pre_stop_seconds)

    @property
    def pre_stop_seconds(self) -> float:
        """Seconds from the end of the pod to the signal."""
        return float(self.spec.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0))

    def command(self) -> list[str]:
        return self._command

    def ready(self) -> bool:
        if "httpGet" not in self.spec.get("readinessProbe", {}):
            return self.process is not None and self.process.poll() == 0
        return self.passes("readinessProbe")

    def passes(self, probe: str) -> bool:
        """Whether the program answers a probe of the manifest, such as ``livenessProbe``, as it should."""
        wanted = self.spec[probe]["httpGet"]
        port = ports(self.spec)[wanted["port"]]
        connection = http.client.HTTPConnection(self.pod.address, port, timeout=PROBE_SECONDS)
        try:
            connection.request("GET", wanted["path"])
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def listens(self) -> bool:
        """Whether connections to all ports are taken."""
        try:
            for port in ports(self.spec).values():
                socket.create_connection((self.pod.address, port), timeout=PROBE_SECONDS).close()
        except OSError:
            return False
        return True


class LocalPods:
    """Makes containers ready to be started out of the objects of an overlay."""

    def __init__(self, objects: Objects, folder: Path, addresses: Addresses | None = None) -> None:
        """``folder`` holds all volumes and logs; ``programs`` in it comes first where programs are looked for.

        ``addresses`` may have services whose addresses are reserved; all others lead to their first pods.
        """
        self.addresses = addresses or Addresses()
        self.programs = folder / "programs"
        self.programs.mkdir(parents=True)
        self._objects = objects
        self._folder = folder
        self.pods = [pod for workload in objects.workloads() for pod in self._pods(workload)]

    def of(self, app: str) -> list[Pod]:
        """Return the pods with this name, in order."""
        return [pod for pod in self.pods if pod.app == app]

    def add(self, app: str) -> Pod:
        """Make one more pod, with an address and volumes of its own, as a Deployment does when it replaces one."""
        pod = self._pod(self._objects.workload(app), len(self.of(app)))
        self.pods.append(pod)
        return pod

    def containers(self, pod: Pod, *, initial: bool = False) -> list[Container]:
        """Return the containers of a pod, or those that run before them."""
        return [self._container(pod, spec) for spec in pod.spec.get("initContainers" if initial else "containers", ())]

    def _pods(self, workload: Object) -> Iterator[Pod]:
        for number in range(workload["spec"].get("replicas", 1)):
            yield self._pod(workload, number)

    def _pod(self, workload: Object, number: int) -> Pod:
        app = app_of(workload)
        services = {item["metadata"]["name"]: item["metadata"]["name"] == workload["spec"].get("serviceName")
                    for item in self._objects.of_kind("Service") if item["spec"]["selector"][NAME] == app}
        name = f"{workload['metadata']['name']}-{number}"
        address = self.addresses.give(name, services)
        return Pod(name, app, address, pod_of(workload)["spec"], dict(self._volumes(workload, name)))

    def _volumes(self, workload: Object, pod: str) -> Iterator[tuple[str, Path]]:
        for claim in workload["spec"].get("volumeClaimTemplates", ()):
            yield claim["metadata"]["name"], self._folder / pod / claim["metadata"]["name"]
        for volume in pod_of(workload)["spec"].get("volumes", ()):
            shared = volume.get("persistentVolumeClaim", {}).get("claimName")
            yield volume["name"], self._folder / (f"claims/{shared}" if shared else f"{pod}/{volume['name']}")

    def _container(self, pod: Pod, spec: Object) -> Container:
        self._fill_volumes(pod)
        fields = {"status.podIP": pod.address, "metadata.name": pod.name}
        given = self._objects.environment(spec, fields)
        environment = {"PATH": f"{self.programs}:{os.environ['PATH']}", **self._image_environment(spec), **given}
        mapped = {name: self._map(value, pod, spec) if name != "PATH" else value for name, value in environment.items()}
        words = [self._map(word, pod, spec) for word in (*spec.get("command", ()), *spec.get("args", ()))]
        log_file = self._folder / "logs" / f"{pod.name}-{spec['name']}.log"
        return Container(pod, spec, [*self._entry_point(spec), *words], mapped, log_file)

    @staticmethod
    def _image_environment(spec: Object) -> dict[str, str]:
        program = program_of(spec)
        return {name: value for name, value in Dockerfile(program).environment.items() if name != "PATH"
                } if program else {}

    @staticmethod
    def _entry_point(spec: Object) -> list[str]:
        program = program_of(spec)
        if program:
            return [sys.executable if word == "python" else word for word in Dockerfile(program).entry_point]
        return [str(nats_program())] if spec["image"].startswith("nats:") else []

    def _fill_volumes(self, pod: Pod) -> None:
        for volume in pod.spec.get("volumes", ()):
            for kind, key in (("Secret", "secretName"), ("ConfigMap", "name")):
                source = volume.get(kind[0].lower() + kind[1:])
                if source:
                    folder = pod.folders[volume["name"]]
                    folder.mkdir(parents=True, exist_ok=True)
                    for name, content in self._objects.files(kind, source[key]).items():
                        self._write(folder / name, content, pod, mapped=kind == "ConfigMap")
        for folder in pod.folders.values():
            folder.mkdir(parents=True, exist_ok=True)

    def _write(self, path: Path, content: bytes, pod: Pod, *, mapped: bool) -> None:
        if mapped:
            content = self._map(content.decode(), pod, *pod.spec["containers"]).encode()
        path.write_bytes(content)

    def _map(self, text: str, pod: Pod, *specs: Object) -> str:
        text = self.addresses.write_into(text, pod.address)
        mounts = {mount["mountPath"]: mount["name"] for spec in specs for mount in spec.get("volumeMounts", ())}
        if mounts:  # in one go, because a folder's own path may begin like a mount
            paths = "|".join(re.escape(path) for path in sorted(mounts, key=len, reverse=True))
            text = re.sub(rf"(?<![\w/.])({paths})(?![\w-])", lambda found: str(pod.folders[mounts[found[1]]]), text)
        return text


def start(containers_to_start: list[Container], seconds: float) -> None:
    """Start all at once and wait until each is ready. Raises StartError."""
    deadline = time.monotonic() + seconds
    for container in containers_to_start:
        container.spawn()
    for container in containers_to_start:
        container._wait_until_ready(deadline, lambda: False)


