"""What a cluster does with the staging overlay, on this machine: pods, Services.

Every Deployment has as many pods as in production, where the autoscalers keep at least two. NATS and Redis are those of
staging, one server each, or those of production.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.client.gate import Address
from tests.faults.rollout_pod import RunningPod
from tests.faults.rollout_servers import ServerPod
from tests.faults.rollout_service import Service
from tests.faults.stage import Ground
from tests.manifests.support import rendering
from tests.manifests.support.addresses import Addresses
from tests.manifests.support.container import Container, Pod
from tests.manifests.support.local_pods import LocalPods
from tests.manifests.support.objects import NAME, Objects, app_of, containers, ports
from tests.manifests.support.rendering import Object
from tests.support import backend_servers
from tests.support.waiting import wait_for

OVERLAY = "staging"
BACKENDS = ("nats", "redis")
THREE_COPIES = """
  - {name: chatlog-options, behavior: merge, literals: [CHAT_STREAM_REPLICAS=3]}
  - {name: edge-options, behavior: merge, literals: [CHAT_STREAM_REPLICAS=3]}"""
"""What production says of a stream that three servers keep."""
REPLICAS = 2
START_SECONDS = 90.0
INSIDE_SECONDS = 2.0
"""How long it takes until every node of a cluster knows that a pod has become ready or has left."""
BALANCER_SECONDS = 10.0
"""The same of a load balancer outside, which asks for the health of nodes now and then."""


class Cluster:
    """The Services and the pods behind them."""

    def __init__(self, objects: Objects, folder: Path) -> None:
        self.deployments = {app_of(item): item for item in objects.of_kind("Deployment")}
        for item in self.deployments.values():
            item["spec"]["replicas"] = max(REPLICAS, item["spec"].get("replicas", 1))
        groups = {app_of(item): item for item in objects.of_kind("StatefulSet") if item["spec"]["replicas"] > 1}
        self._workloads = self.deployments | groups
        addresses = Addresses()
        self.services = [service for item in objects.of_kind("Service") if item["spec"].get("clusterIP") != "None"
                         for service in self._services_of(item, addresses)]
        self._pods = LocalPods(objects, folder, addresses)
        self.logs = folder / "logs"
        self.claims = folder / "claims"
        """Where the volumes are that pods share."""
        self.servers = {app: [ServerPod(self._pods, pod, self._heard) for pod in self._pods.of(app)] for app in groups}
        """Servers of which there are several, by their app."""
        self._others: list[Container] = []
        self._tell = Service.set_now
        self._all: list[RunningPod] = []

    def start(self) -> None:
        """Start the backends, the Job of the migrations and all pods; wait until they serve."""
        for service in self.services:
            service.start()
        self._start_backends()
        job = self._container("migrate")
        job.spawn()
        wait_for(job.ready, START_SECONDS, f"{job.name}, see {job.log_file}")
        for pod in [pod for app in self.deployments for pod in self._pods.of(app)]:
            self._begin(pod)
        wait_for(self._all_serve, START_SECONDS, f"all pods to be ready, see {self.logs}")
        self._tell = Service.set

    def _start_backends(self) -> None:
        backends = [self._container(app) for app in BACKENDS if app not in self.servers]
        servers = [server for group in self.servers.values() for server in group]
        for container in backends:
            container.spawn()
        for server in servers:
            server.start()
        for container in backends:
            wait_for(container.listens, START_SECONDS, f"{container.name}, see {container.log_file}")
        for server in servers:
            server.wait_ready()

    def stop(self) -> None:
        """End everything at once."""
        for pod in self._all:
            pod.kill()
        for server in [server for group in self.servers.values() for server in group]:
            server.kill()
        for container in self._others:
            container.kill()
        for service in self.services:
            service.stop()

    def add(self, app: str) -> RunningPod:
        """Start one more pod of a Deployment; does not wait."""
        return self._begin(self._pods.add(app))

    def serving(self, app: str) -> list[RunningPod]:
        """Return the pods of a Deployment that were not told to end, the oldest first."""
        return [pod for pod in self._all if pod.pod.app == app and not pod.ending]

    def is_settled(self, app: str) -> bool:
        """Whether its Services lead to the pods that serve and to no others."""
        addresses = [pod.pod.address for pod in self.serving(app)]
        return all(service.leads_to(addresses) for service in self.services if service.app == app)

    def address(self, app: str) -> Address:
        """Return where clients from outside find an app."""
        (found,) = [one for one in self.services if one.app == app]
        return Address(*found.place)

    def places(self, app: str) -> list[tuple[str, int]]:
        """Return to which pods of an app connections from outside go."""
        (found,) = [one for one in self.services if one.app == app]
        return found.places

    @property
    def refused(self) -> Counter[str]:
        """How often which pod refused a connection so far."""
        return Counter(text for service in self.services for text in service.refused)

    @property
    def reset(self) -> Counter[str]:
        """How often which pod reset one."""
        return Counter(text for service in self.services for text in service.reset)

    @property
    def problems(self) -> list[str]:
        return [text for pod in self._all for text in pod.problems]

    def _services_of(self, item: Object, addresses: Addresses) -> Iterator[Service]:
        app = item["spec"]["selector"][NAME]
        if app in self._workloads:
            numbers = {name: port for container in containers(self._workloads[app])
                       for name, port in ports(container).items()}
            delay = BALANCER_SECONDS if item["spec"].get("type") == "LoadBalancer" else INSIDE_SECONDS
            address = addresses.reserve(item["metadata"]["name"])
            for port in item["spec"]["ports"]:
                yield Service(app, (address, port["port"]), numbers[port["targetPort"]], delay)

    def _container(self, app: str) -> Container:
        """Return the only container of an app that is not rolled."""
        (pod,) = self._pods.of(app)
        (container,) = self._pods.containers(pod)
        self._others.append(container)
        return container

    def _begin(self, pod: Pod) -> RunningPod:
        running = RunningPod(self._pods, pod, self._heard)
        self._all.append(running)
        running.start()
        return running

    def _heard(self, pod: Pod, ready: bool) -> None:
        """At the start the Services learn of pods at once, so that it is short."""
        for service in self.services:
            if service.app == pod.app:
                self._tell(service, pod.address, ready=ready)

    def _all_serve(self) -> bool:
        assert not self.problems, self.problems
        return all(pod.ready for pod in self._all)


@contextmanager
def cluster(folder: Path, *, servers: bool = False) -> Iterator[tuple[Cluster, Ground]]:
    """A running cluster with a database of its own, and what clients and examiners need of it.

    With ``servers`` it has NATS and Redis as production has them.
    """
    folder.mkdir()
    tree = rendering.copy(folder)
    if servers:
        take_servers_of_production(tree / "overlays" / OVERLAY / "kustomization.yaml")
    with backend_servers.database(backend_servers.mariadb_programs()) as database:
        made = rendering.make_secrets(tree, OVERLAY, f"mysql-url={database.url}", f"mysql-migrate-url={database.url}")
        assert made.returncode == 0, made.stderr
        running = Cluster(Objects(rendering.render(tree, OVERLAY)), folder / "pods")
        try:
            running.start()
            yield running, Ground([running.address("gate")], [running.address("edge")], database.url)
        finally:
            running.stop()


def take_servers_of_production(kustomization: Path) -> None:
    """Put the components with several servers in the place of those with one."""
    text = kustomization.read_text("utf-8")
    for app in BACKENDS:
        text = text.replace(f"components/{app}-single", f"components/{app}")
    kustomization.write_text(text.replace("\nconfigMapGenerator:", f"\nconfigMapGenerator:{THREE_COPIES}", 1))
