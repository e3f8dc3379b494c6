"""Runs the containers of rendered manifests as processes of this machine.

What a pod would see is mapped, and nothing else is changed: each pod has an address of its own on the loopback
network, each volume is a folder, and in the environment, the arguments and the files of ConfigMaps the names of
services become addresses and the paths of volumes become folders. Programs keep their ports.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.local.backends import nats_program, valkey_program
from tests.manifests.support.addresses import Addresses
from tests.manifests.support.container import Container, Pod
from tests.manifests.support.dockerfiles import Dockerfile
from tests.manifests.support.objects import NAME, Objects, app_of, is_sidecar, pod_of, program_of
from tests.manifests.support.rendering import Object

FOLDER = Path(__file__).parent
MARIADB = "tests.manifests.support.mariadb_image"


class LocalPods:
    """Makes containers ready to be started out of the objects of an overlay."""

    def __init__(self, objects: Objects, folder: Path, addresses: Addresses | None = None) -> None:
        """``folder`` holds all volumes and logs; ``programs`` in it comes first where programs are looked for.

        ``addresses`` may have services whose addresses are reserved; all others lead to their first pods.
        """
        self.addresses = addresses or Addresses()
        self.programs = folder / "programs"
        self.programs.mkdir(parents=True)
        self._provide_backends()
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
        """Return the containers that run as long as the pod, sidecars last, or those that end before it begins."""
        before = pod.spec.get("initContainers", ())
        sidecars = [spec for spec in before if is_sidecar(spec)]
        wanted = [spec for spec in before if spec not in sidecars] if initial else [*pod.spec["containers"], *sidecars]
        return [self._container(pod, spec) for spec in wanted]

    def _provide_backends(self) -> None:
        """Put the programs that are in the images of backends where they are found."""
        (self.programs / "redis-server").symlink_to(valkey_program())
        (self.programs / "nats-server").symlink_to(nats_program())
        (self.programs / "redis-cli").symlink_to(FOLDER / "redis_cli.sh")
        (self.programs / "healthcheck.sh").symlink_to(FOLDER / "mariadb_healthcheck.sh")

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
        environment = {**self._image_environment(spec), **given}
        mapped = {"PATH": f"{self.programs}:{os.environ['PATH']}", "LOCAL_ADDRESS": pod.address,
                  **{name: self._map(value, pod, spec) for name, value in environment.items()}}
        words = [self._map(word, pod, spec) for word in (*spec.get("command", ()), *spec.get("args", ()))]
        log_file = self._folder / "logs" / f"{pod.name}-{spec['name']}.log"
        return Container(pod, spec, [*self._entry_point(pod, spec), *words], mapped, log_file,
                         lambda word: self._map(word, pod, spec))

    @staticmethod
    def _image_environment(spec: Object) -> dict[str, str]:
        program = program_of(spec)
        return {name: value for name, value in Dockerfile(program).environment.items() if name != "PATH"
                } if program else {}

    @staticmethod
    def _entry_point(pod: Pod, spec: Object) -> list[str]:
        program = program_of(spec)
        if program:
            return [sys.executable if word == "python" else word for word in Dockerfile(program).entry_point]
        if spec["image"].startswith("mariadb:"):
            return [sys.executable, "-m", MARIADB, str(pod.folders["data"]), pod.address]
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


@contextmanager
def running(pods: LocalPods, app: str) -> Iterator[list[Container]]:
    """All containers of an app, started and not waited for."""
    containers = [container for pod in pods.of(app) for container in pods.containers(pod)]
    try:
        for container in containers:
            container.spawn()
        yield containers
    finally:
        for container in containers:
            container.kill()
