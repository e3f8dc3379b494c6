"""Waiting for the connection to NATS."""

import gevent

from common.nats import Client


def test_who_waits_as_the_connection_comes_back_is_not_forgotten() -> None:
    """The one that waited before gives up in the moment between the connection and the news of it."""
    client = Client(["nats://127.0.0.1:1"], name="keeper test")
    up = client._keeper._up
    before = gevent.spawn(client.wait_connected, 10)
    gevent.sleep(0)
    late = gevent.spawn(client.wait_connected, 10)
    gevent.get_hub().loop.run_callback(before.throw, gevent.GreenletExit)
    up.set()
    assert late.get(timeout=2) is True
    client.close()
