"""A container of rendered manifests as a process of this machine, and what a kubelet asks of it."""

import http.client
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from apps.local.processes import Managed
from tests.manifests.support.objects import is_sidecar, ports
from tests.manifests.support.rendering import Object

PROBE_SECONDS = 2.0
USUAL_GRACE_SECONDS = 30
HOOK_SECONDS = 60.0


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

    def __init__(self, pod: Pod, spec: Object, command: list[str], environment: dict[str, str], log_file: Path,
                 inside: Callable[[str], str] = str) -> None:
        """``inside`` turns a word of a command that is run inside of the container into what it is on this machine."""
        super().__init__(f"{pod.name}/{spec['name']}", log_file, environment)
        self.pod = pod
        self.spec = spec
        self._command = command
        self._inside = inside

    @property
    def sidecar(self) -> bool:
        """Whether it begins before the pod's other containers and ends after them."""
        return is_sidecar(self.spec)

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
        if "readinessProbe" not in self.spec:
            return self.process is not None and self.process.poll() == 0
        return self.passes("readinessProbe")

    def passes(self, probe: str) -> bool:
        """Whether the program answers a probe of the manifest, such as ``livenessProbe``, as it should."""
        if "exec" in self.spec[probe]:
            return self.run(self.spec[probe]["exec"]["command"], self.spec[probe].get("timeoutSeconds", 1)) == 0
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

    def run(self, words: list[str], seconds: float = HOOK_SECONDS) -> int:
        """Run a command inside of the container, for a hook or a probe; return its exit code, 124 when it is late."""
        command = [self._inside(word) for word in words]
        try:
            with self.log_file.open("ab") as log:
                return subprocess.run(command, env=self._environment, timeout=seconds, check=False, stdout=log,
                                      stderr=subprocess.STDOUT).returncode
        except subprocess.TimeoutExpired:
            return 124

    def pre_stop(self) -> None:
        """Do what the manifest wants to be done before the signal."""
        hook = self.spec.get("lifecycle", {}).get("preStop", {})
        time.sleep(hook.get("sleep", {}).get("seconds", 0))
        if "exec" in hook:
            self.run(hook["exec"]["command"])

    def listens(self) -> bool:
        """Whether connections to all ports are taken."""
        try:
            for port in ports(self.spec).values():
                socket.create_connection((self.pod.address, port), timeout=PROBE_SECONDS).close()
        except OSError:
            return False
        return True


def start(containers_to_start: list[Container], seconds: float) -> None:
    """Start all at once and wait until each is ready. Raises StartError."""
    deadline = time.monotonic() + seconds
    for container in containers_to_start:
        container.spawn()
    for container in containers_to_start:
        container._wait_until_ready(deadline, lambda: False)
