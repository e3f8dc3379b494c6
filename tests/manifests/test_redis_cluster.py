"""Redis of production is run from its manifests: a planned end and a death of the primary, under load."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import gevent
import pytest
import redis

from common.process_settings import RedisSettings
from common.redis_client import PipelinedRedis
from tests.manifests.support.container import Container
from tests.manifests.support.kubelet import end_pod
from tests.manifests.support.local_pods import LocalPods, running
from tests.manifests.support.objects import Objects
from tests.manifests.support.redis_group import RedisGroup
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif("ALL_MANIFESTS" not in os.environ,
                                reason="takes half a minute: make manifests runs it")
WRITERS = 20
PACE = 0.01
CRASH_SECONDS = 15.0
"""How long a failover may take here: 3 s until a server is taken for dead, and a slow machine."""


@pytest.fixture
def group(production: Objects, tmp_path: Path) -> Iterator[RedisGroup]:
    with running(LocalPods(production, tmp_path), "redis") as containers:
        yield RedisGroup(containers)


class Load:
    """Writes through a client as services have it, which finds Redis by the address of a server that stays."""

    def __init__(self, group: RedisGroup, stays: Container) -> None:
        self.client = PipelinedRedis(f"redis://{stays.pod.address}:6379/0", password=group.password,
                                     timeout=RedisSettings().redis_timeout)
        self.done: list[int] = []
        self.failed: list[str] = []
        self.slowest = 0.0
        self.more = True

    def write(self) -> None:
        while self.more:
            begun = monotonic()
            try:
                self.done.append(self.client.incr("count"))
            except redis.RedisError as error:
                self.failed.append(f"{type(error).__name__}: {error}")
            self.slowest = max(self.slowest, monotonic() - begun)
            gevent.sleep(PACE)


@contextmanager
def load(group: RedisGroup, stays: Container) -> Iterator[Load]:
    """Writers that have begun; the block ends when they have ended."""
    writing = Load(group, stays)
    writing.client.start()
    writers = [gevent.spawn(writing.write) for _ in range(WRITERS)]
    wait_for(lambda: len(writing.done) > WRITERS)
    try:
        yield writing
    finally:
        writing.more = False
        gevent.joinall(writers, raise_error=True)
        writing.client.stop()


def test_a_primary_that_ends_as_a_kubelet_ends_it_costs_nobody_a_write(group: RedisGroup) -> None:
    first = group.primary()
    assert first.pod.name == "redis-0"
    wait_for(lambda: all(container.passes("livenessProbe") for pod in group.pods.values() for container in pod))
    with load(group, group.servers[1]) as writing:
        begun = monotonic()
        assert end_pod(group.pods[first.pod.name]) == []
        took, ended = monotonic() - begun, len(writing.done)
        wait_for(lambda: len(writing.done) > ended + WRITERS)
        second = group.primary()
    print(f"handed over and ended in {took:.1f} s; slowest write {writing.slowest:.2f} s")
    assert writing.failed == []
    assert sorted(writing.done) == list(range(1, len(writing.done) + 1))
    assert second is not first
    for container in group.pods[first.pod.name]:
        container.spawn()
    wait_for(lambda: group.whole(second), what="the first one to be back as a replica")


def test_a_primary_that_dies_is_replaced(group: RedisGroup) -> None:
    first = group.primary()
    with load(group, group.servers[1]) as writing:
        for container in group.pods[first.pod.name]:
            container.kill()
        died, done = monotonic(), len(writing.done)
        wait_for(lambda: len(writing.done) > done + WRITERS, what="writes to the new primary")
        took = monotonic() - died
        second = group.primary()
    print(f"replaced in {took:.1f} s; {len(writing.failed)} writes failed")
    assert second is not first
    assert took < CRASH_SECONDS
    assert len(set(writing.done)) == len(writing.done)
