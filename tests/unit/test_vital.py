"""A greenlet that a process cannot do without ends it when it dies, whichever part it belongs to."""

import logging
import random
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest

from common import redis_client, vital
from common.health import Health
from common.lifecycle import Process
from common.nats import Client
from common.process_settings import RedisSettings
from common.watchdog import Watchdog
from tests.support.waiting import wait_for

NOBODY = "127.0.0.1:9"


@pytest.fixture
def deaths() -> Iterator[list[str]]:
    """Collects what would end the process."""
    told: list[str] = []
    vital.ends_by(lambda: told.append("dead"))
    yield told
    vital.ends_by(lambda: None)


def health() -> tuple[Any, str]:
    return Health(), "_loop"


def watchdog() -> tuple[Any, str]:
    return Watchdog(0.1), "_greenlet"


def nats() -> tuple[Any, str]:
    client = Client([f"nats://{NOBODY}"], name="vital", longest_wait=0.05, random=random.random)
    return client, "_keeper._greenlet"


def redis() -> tuple[Any, str]:
    settings = RedisSettings(redis_url=f"redis://{NOBODY}/0", redis_timeout=0.05)
    return redis_client.connect(settings), "_link._keeper"


def loop_of(part: Any, path: str) -> Any:
    for name in path.split("."):
        part = getattr(part, name)
    return part


@pytest.mark.parametrize("make", [health, watchdog, nats, redis])
def test_the_death_of_a_loop_is_told(make: Callable[[], tuple[Any, str]], deaths: list[str],
                                     caplog: pytest.LogCaptureFixture) -> None:
    part, path = make()
    part.start()
    try:
        with caplog.at_level(logging.CRITICAL):
            loop_of(part, path).kill(gevent.Timeout(1), block=False)  # an error that nobody expects there
            wait_for(lambda: deaths == ["dead"])
        assert "the process ends" in caplog.text
    finally:
        part.stop()


def test_a_part_that_is_stopped_is_not_dead(deaths: list[str]) -> None:
    part = Health()
    part.start()
    part.stop()
    gevent.sleep(0)
    assert not deaths


class Fragile:
    """A part whose loop dies at once."""

    def start(self) -> None:
        vital.spawn(self._run)

    def stop(self) -> None:
        """Nothing is left to stop."""

    def _run(self) -> None:
        raise RuntimeError("nobody expected this")


def test_a_process_ends_with_its_loop_and_says_that_it_failed() -> None:
    process = Process("test", stop_seconds=5)
    process.add(Fragile())
    with gevent.Timeout(10):
        assert process.run() == 1
