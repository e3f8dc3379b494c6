"""The subscriptions of a client, as it counts them and as the server does."""

from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from apps.local.backends import Nats
from tests.faults import nats_view
from tests.support.nats import Clients


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients()
    yield made
    made.close()


def counted(name: str) -> float | None:
    return REGISTRY.get_sample_value("nats_subscriptions", {"client": name})


def test_a_subscription_counts_until_it_ends(own_nats_server: Nats, clients: Clients) -> None:
    client = clients.connect(own_nats_server)
    [name] = nats_view.ask(own_nats_server.url)
    made = [client.subscribe(f"view.{number}", callback=print) for number in range(3)]
    client.subscribe("view.once", callback=print, max_messages=1)
    client.flush()
    kind = nats_view.ask(own_nats_server.url)[name]
    assert (kind.connections, set(kind.subjects)) == (1, {"view.0", "view.1", "view.2", "view.once"})
    assert counted(name) == kind.subscriptions == 4
    client.unsubscribe(made[0])
    client.publish("view.once")
    client.flush()
    assert counted(name) == nats_view.ask(own_nats_server.url)[name].subscriptions == 2
    client.close()
    assert counted(name) == 0
