"""What a Deployment does in a rolling update: how many pods it may start and end at a moment.

The rules are those of Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ ("Rolling
Update Deployment"). Pods that are ending do not count.
"""

import math
from dataclasses import dataclass

from tests.manifests.support.rendering import Object

USUAL = "25%"


@dataclass(frozen=True)
class Strategy:
    """``surge`` pods more than ``replicas`` may be there, ``unavailable`` of them may be missing."""

    replicas: int
    surge: int
    unavailable: int

    @classmethod
    def of(cls, deployment: Object) -> "Strategy":
        """Read a Deployment. Raises ValueError for one that is not rolled."""
        strategy = deployment["spec"].get("strategy", {})
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            raise ValueError(f"{deployment['metadata']['name']} is not rolled but {strategy['type']}")
        given = strategy.get("rollingUpdate", {})
        replicas = int(deployment["spec"].get("replicas", 1))
        surge = math.ceil(pods(given.get("maxSurge", USUAL), replicas))
        unavailable = math.floor(pods(given.get("maxUnavailable", USUAL), replicas))
        return cls(replicas, surge, unavailable if surge or unavailable else 1)

    def to_start(self, old: int, new: int) -> int:
        """Return how many new pods to start when there are so many of each kind."""
        return max(0, min(self.replicas - new, self.replicas + self.surge - old - new))

    def to_end(self, old: int, ready: int) -> int:
        """Return how many old pods to end when so many are there and ``ready`` pods serve, old and new."""
        return max(0, min(old, ready - (self.replicas - self.unavailable)))


def pods(text: int | str, replicas: int) -> float:
    """Return a number of pods that is given as such or as a part of all."""
    share = str(text)
    return replicas * float(share[:-1]) / 100 if share.endswith("%") else float(share)
