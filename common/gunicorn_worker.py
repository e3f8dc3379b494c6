"""gunicorn's gevent worker, but for one thing: idle connections do not hold up its end.

Callers keep connections open between calls. gunicorn would wait its whole grace time for them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.ggevent import GeventWorker

from common.health import EXTENSION as HEALTH
from common.timeouts import quietly_within
from common.watchdog import Watchdog

NO_WAIT = 0.001
"""Seconds that a connection may stay idle once the worker is to end."""


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn has no type hints
    """Closes connections that wait for a further request as soon as it is told to end."""

    def load_wsgi(self) -> None:
        super().load_wsgi()
        Watchdog().start()

    def init_process(self) -> None:
        self._idle: set[Any] = set()
        super().init_process()

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """Limit the wait for the next request on a kept connection."""
        greenlet = gevent.getcurrent()
        self._idle.add(greenlet)
        try:
            with quietly_within(self.cfg.keepalive if self.alive else NO_WAIT):
                yield
        finally:
            self._idle.discard(greenlet)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        super().handle_exit(sig, frame)
        self.wsgi.extensions[HEALTH].drain()
        gevent.spawn(self._close_idle)  # a signal handler must not switch

    def _close_idle(self) -> None:
        for greenlet in list(self._idle):
            greenlet.kill(NoMoreData(), block=False)
