"""One pod of a Deployment from its start to its end, with what the kubelet does: probes, preStop, signals, patience."""

from collections.abc import Callable
from functools import partial
from time import monotonic

import gevent

from apps.local.processes import StartError
from tests.manifests.support.container import Container, Pod
from tests.manifests.support.local_pods import LocalPods
from tests.support.waiting import wait_for

INITIAL_SECONDS = 60.0
CLEAN = "exit code 0"
Heard = Callable[[Pod, bool], None]
"""Is told when a pod begins or ceases to be ready."""


class RunningPod:
    """A pod with one container. It is started once and ended once."""

    def __init__(self, pods: LocalPods, pod: Pod, heard: Heard) -> None:
        self.pod = pod
        self.ready = False
        self.killed = False
        """Whether it took longer to end than it may."""
        self.problems: list[str] = []
        self._initial = pods.containers(pod, initial=True)
        (self.container,) = pods.containers(pod)
        self._heard = heard
        self._life: gevent.Greenlet[..., None] = gevent.Greenlet(self._live)
        self._end: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Start it; does not wait."""
        self._life.start()

    def end(self) -> None:
        """Delete it: the Services are told, and it ends with the patience of its manifest. Does not wait."""
        self._life.kill()
        self._say(ready=False)
        self._end = gevent.spawn(self._leave)

    @property
    def ending(self) -> bool:
        """Whether it was told to end."""
        return self._end is not None

    @property
    def ended(self) -> bool:
        return self._end is not None and self._end.ready()

    def kill(self) -> None:
        """End it at once, as the end of the rehearsal does."""
        self._life.kill()
        for container in (*self._initial, self.container):
            container.kill()

    def _live(self) -> None:
        try:
            for container in self._initial:
                container.spawn()
                wait_for(partial(self._has_ended, container), INITIAL_SECONDS, container.name)
            self.container.spawn()
            self._wait_for_startup()
            self._watch_readiness()
        except (AssertionError, StartError) as error:
            self.problems.append(f"{self.pod.name}: {error}")

    @staticmethod
    def _has_ended(container: Container) -> bool:
        if not container.running and not container.ready():
            raise StartError(f"{container.name} ended with {container.wait()}, see {container.log_file}")
        return container.ready()

    def _wait_for_startup(self) -> None:
        probe = self.container.spec["startupProbe"]
        for _ in range(probe["failureThreshold"]):
            gevent.sleep(probe["periodSeconds"])
            if self.container.passes("startupProbe"):
                return
        raise StartError(f"{self.pod.name} did not start, see {self.container.log_file}")

    def _watch_readiness(self) -> None:
        probe, failures = self.container.spec["readinessProbe"], 0
        while self.container.running:
            failures = 0 if self.container.passes("readinessProbe") else failures + 1
            if failures == 0 and not self.ready:
                self._say(ready=True)
            elif failures == probe["failureThreshold"] and self.ready:
                self.problems.append(f"{self.pod.name} is no longer ready")
                self._say(ready=False)
            gevent.sleep(probe["periodSeconds"])
        self._say(ready=False)
        raise StartError(f"{self.pod.name} ended by itself with {self.container.wait()}, see {self.container.log_file}")

    def _say(self, *, ready: bool) -> None:
        if ready is not self.ready:
            self.ready = ready
            self._heard(self.pod, ready)

    def _leave(self) -> None:
        """The time of preStop belongs to the patience."""
        begun = monotonic()
        gevent.sleep(self.container.pre_stop_seconds)
        if not self.container.running:
            self.problems.append(f"{self.pod.name} ended before it was asked to")
        over = monotonic() - begun - self.container.pre_stop_seconds
        self.killed = not self.container.stop(self.container.grace_seconds - over)
        how = self.container.wait()
        if how != CLEAN:
            self.problems.append(f"{self.pod.name} ended with {how}")
