"""The watchdog names who held the event loop, and nobody else."""

import logging
import time

import gevent
import pytest
from gevent import monkey

from common import watchdog
from common.watchdog import Watchdog, culprit
from tests.support.waiting import wait_for


def test_a_function_that_does_not_give_way_is_named(caplog: pytest.LogCaptureFixture,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "OWN", (__file__,))
    blocking_sleep = monkey.get_original("time", "sleep")
    dog = Watchdog(seconds=0.02)

    def hold() -> None:
        blocking_sleep(0.15)

    dog.start()
    try:
        with caplog.at_level(logging.WARNING):
            gevent.sleep(0.01)
            hold()
            wait_for(lambda: bool(caplog.records), what="the report")
    finally:
        dog.stop()
    assert "hold" in caplog.records[0].getMessage()


def test_waiting_is_not_holding(caplog: pytest.LogCaptureFixture) -> None:
    dog = Watchdog(seconds=0.05)
    dog.start()
    try:
        with caplog.at_level(logging.WARNING):
            deadline = time.monotonic() + 0.2
            wait_for(lambda: time.monotonic() > deadline, what="a while")
    finally:
        dog.stop()
    assert not caplog.records


def test_a_stack_without_a_function_of_the_project_has_no_culprit() -> None:
    assert culprit(None) == ""
