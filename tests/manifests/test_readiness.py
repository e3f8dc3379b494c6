"""Which pods stay in their Services when something is away."""

from tests.manifests.support.objects import SERVICES, Objects
from tests.manifests.support.settings import read
from tests.manifests.test_pods import FIELDS, each_service, main_container, without_files

SHARED = set(SERVICES) - {"config"}
"""Services whose pods all miss the same backend when it is away."""
FAILOVER_SECONDS = 45
"""More than any backend needs to come back by itself: Redis 5, NATS 10, a managed MySQL 30."""
HANGS_SECONDS = 10


@each_service
def test_a_failover_leaves_pods_in_their_services_and_a_pod_that_hangs_is_left_out(
    overlay: Objects, service: str
) -> None:
    container = main_container(overlay, service)
    settings = read(service, without_files(overlay.environment(container, FIELDS)))
    assert (settings.ready_patience > FAILOVER_SECONDS) == (service in SHARED)
    probe = container["readinessProbe"]
    assert probe["failureThreshold"] * (probe["periodSeconds"] + probe["timeoutSeconds"]) <= HANGS_SECONDS
