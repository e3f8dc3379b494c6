"""Greenlets that a process cannot do without: the death of one by an error ends the process, not just itself.

So nothing goes on half alive. How a process is ended says whoever owns it: ``common.lifecycle.Process``, or gunicorn's
worker.
"""

import logging
from collections.abc import Callable
from typing import Any

from gevent import Greenlet

log = logging.getLogger(__name__)

_endings: list[Callable[[], None]] = []


def ends_by(end: Callable[[], None]) -> None:
    """Let ``end``, which must not wait, end this process from now on."""
    _endings[:] = [end]


def spawn(function: Callable[..., Any], *arguments: Any) -> "Greenlet[..., Any]":
    """Run ``function`` in a greenlet whose death by an error ends the process."""
    greenlet = Greenlet(function, *arguments)
    greenlet.link_exception(_died)
    greenlet.start()
    return greenlet


def _died(greenlet: "Greenlet[..., Any]") -> None:
    log.critical("a greenlet died, the process ends", exc_info=greenlet.exc_info)
    for end in _endings:
        end()
