"""What network policies allow, as plain connections."""

from collections.abc import Iterator

from tests.manifests.support.objects import NAME, Objects, app_of
from tests.manifests.support.rendering import Object

OUTSIDE, MONITORING, NAMES = "outside", "monitoring", "names"
NODE_LOCAL_NAMES = {"cidr": "169.254.20.10/32"}
"""Where the cache of names listens on each node."""
Connection = tuple[str, str, int]
"""Who connects, to whom, at which port."""


def ingress(objects: Objects) -> set[Connection]:
    """Return the connections that policies let in."""
    return set(_connections(objects, "ingress", "from"))


def egress(objects: Objects) -> set[Connection]:
    """Return the connections that policies let out."""
    return {(client, server, port) for server, client, port in _connections(objects, "egress", "to")}


def _connections(objects: Objects, direction: str, side: str) -> Iterator[Connection]:
    """Yield (peer, pod of the policy, port)."""
    for policy in objects.of_kind("NetworkPolicy"):
        for rule in policy["spec"].get(direction, ()):
            for peer in rule.get(side, [None]):
                for app in _apps(policy["spec"]["podSelector"], objects):
                    for port in rule["ports"]:
                        yield _peer(peer), app, int(port["port"])


def _peer(peer: Object | None) -> str:
    if peer is not None and peer.get("ipBlock") == NODE_LOCAL_NAMES:
        return NAMES
    if peer is None or "ipBlock" in peer:
        return OUTSIDE
    namespace = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
    if namespace == "kube-system":
        return NAMES
    return str(namespace or peer["podSelector"]["matchLabels"][NAME])


def _apps(selector: Object, objects: Objects) -> set[str]:
    """Return the pods that a selector means."""
    apps = {app_of(workload) for workload in objects.workloads()}
    chosen = {selector["matchLabels"][NAME]} if "matchLabels" in selector else apps
    for expression in selector.get("matchExpressions", ()):
        assert (expression["key"], expression["operator"]) == (NAME, "In")
        chosen = set(expression["values"])
    return chosen
