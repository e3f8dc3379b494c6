"""A late event loop is a sign of overload, while it is late and right after."""

from collections.abc import Callable
from typing import Any

import gevent
from gevent import monkey

from apps.gate.strain import Strain


def spawn(function: Callable[..., Any], *arguments: Any) -> Any:
    return gevent.spawn(function, *arguments)


def look(strain: Strain, pause: Callable[[], Any]) -> bool:
    pause()
    return strain.is_high


def test_a_loop_that_is_held_is_late() -> None:
    strain = Strain(limit=0.05, spawn=spawn)
    strain.start()
    try:
        seen = [look(strain, lambda: gevent.sleep(0.03))]
        seen.append(look(strain, lambda: monkey.get_original("time", "sleep")(0.15)))
        seen.append(look(strain, lambda: gevent.sleep(0.05)))
    finally:
        strain.stop()
    assert seen == [False, True, False]
