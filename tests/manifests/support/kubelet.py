"""The end of a pod, as a kubelet does it.

Containers end side by side, each first by its preStop, then by SIGTERM. Sidecars end one after the other when the
others have, the last one first. What still runs when the patience of the pod is over is killed.
"""

from collections.abc import Sequence
from time import monotonic

import gevent

from tests.manifests.support.container import USUAL_GRACE_SECONDS, Container


def end_pod(containers: Sequence[Container]) -> list[Container]:
    """End the containers of one pod and wait for it; return those that had to be killed."""
    deadline = monotonic() + containers[0].pod.spec.get("terminationGracePeriodSeconds", USUAL_GRACE_SECONDS)
    plain = [container for container in containers if not container.sidecar]
    ending = [gevent.spawn(_end, container, deadline) for container in plain]
    gevent.joinall(ending, raise_error=True)
    ended = [greenlet.value for greenlet in ending]
    sidecars = [container for container in reversed(containers) if container.sidecar]
    ended += [_end(container, deadline) for container in sidecars]
    return [container for container, clean in zip([*plain, *sidecars], ended, strict=True) if not clean]


def _end(container: Container, deadline: float) -> bool:
    """Return whether it ended by itself."""
    container.pre_stop()
    return container.stop(max(1.0, deadline - monotonic()))
