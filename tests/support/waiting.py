"""Waiting for a condition with a deadline, instead of sleeping and hoping."""

import time
from collections.abc import Callable
from typing import TypeVar

import gevent

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds until a test gives up, and far more than anything takes: a busy machine must not fail a test."""


def wait_for(condition: Callable[[], T], seconds: float = PATIENCE, what: str = "the condition",
             pause: float = 0.01) -> T:
    """Return the first true value of ``condition()``, tried every ``pause``; fail the test after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        gevent.sleep(pause)


def seconds_until(condition: Callable[[], object]) -> float:
    """Return how many seconds it took until the condition held."""
    begun = time.monotonic()
    wait_for(condition)
    return time.monotonic() - begun
