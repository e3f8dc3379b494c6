"""The servers of a StatefulSet: started side by side, and replaced one after the other, the last one first.

So does the controller of Kubernetes: a pod is ended, comes back under its name with its volume, and only when it is
ready the next one is ended. Here a pod keeps its address, too.
"""

from collections.abc import Callable, Sequence

from tests.manifests.support.container import Container, Pod
from tests.manifests.support.kubelet import end_pod
from tests.manifests.support.local_pods import LocalPods
from tests.support.waiting import wait_for

READY_SECONDS = 90.0
Heard = Callable[[Pod, bool], None]
"""Is told when a pod begins or ceases to be ready."""


class ServerPod:
    """A pod with all its containers, from one start to the next."""

    def __init__(self, pods: LocalPods, pod: Pod, heard: Heard) -> None:
        self.pod = pod
        self.containers = pods.containers(pod)
        self._heard = heard

    def start(self) -> None:
        """Start it; does not wait."""
        for container in self.containers:
            container.spawn()

    def wait_ready(self) -> None:
        """Wait until its probes are content, then tell the Services. Raises AssertionError."""
        wait_for(self._is_ready, READY_SECONDS, f"{self.pod.name} to be ready")
        self._heard(self.pod, True)

    def replace(self) -> list[Container]:
        """End it as a kubelet does and start it again; return the containers that had to be killed."""
        self._heard(self.pod, False)
        killed = end_pod(self.containers)
        self.start()
        self.wait_ready()
        return killed

    def crash(self) -> None:
        """End all its containers at once, as the end of its node does."""
        self.kill()
        self._heard(self.pod, False)

    def kill(self) -> None:
        for container in self.containers:
            container.kill()

    def _is_ready(self) -> bool:
        return all(container.passes(probe) for container in self.containers
                   for probe in ("startupProbe", "readinessProbe") if probe in container.spec)


def roll(servers: Sequence[ServerPod]) -> list[Container]:
    """Replace all servers; return the containers that had to be killed. Raises AssertionError."""
    return [container for server in reversed(servers) for container in server.replace()]
