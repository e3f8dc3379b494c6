"""Brings back what was told to the edges while this one was not there or not connected.

JetStream keeps the changes of families for some minutes and the last word about each mute. An edge reads both when it
starts and after each new connection to NATS; what comes meanwhile is taken as ever, and of two words about the same the
later counts, in whatever order they are read. Without JetStream the edge works
too, but does not know what it has missed.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.event import Event

from apps.edge.control import Control
from common.metrics import Counter, Gauge
from common.nats.errors import NATSError
from common.nats.jetstream import JetStream, Stream

log = logging.getLogger(__name__)

RECALLED = Counter("edge_controls_recalled_total", "Control messages that were read from JetStream")
RECALL_OK = Gauge("edge_recall_ok", "1 when nothing that was told to edges is missing here")

PAGE = 1000


class Recall:
    """Reads at the start, and whenever ``wake`` is called; makes streams anew that were lost meanwhile."""

    def __init__(self, jetstream: JetStream, streams: Sequence[Stream], control: Control, *,
                 others: Sequence[Stream], wait: float, retry: float, look: float,
                 spawn: Callable[[Callable[[], None]], "gevent.Greenlet[..., Any]"]) -> None:
        """``start`` takes at most ``wait`` seconds; ``retry`` seconds lie between tries, ``look`` between looks.

        The streams ``others`` are made too, so that what is said or reported from now on is kept.
        """
        self._others = others
        self._jetstream = jetstream
        self._streams = streams
        self._control = control
        self._wait = wait
        self._retry = retry
        self._look = look
        self._spawn = spawn
        self._wake = Event()
        self._tried = Event()
        self._complaint = ""
        self._loop: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        """Begin, and give it a moment, so that the first clients already meet what is known."""
        self._wake.set()
        self._loop = self._spawn(self._run)
        self._tried.wait(self._wait)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def wake(self) -> None:
        """Read again, because something may have been missed; never waits."""
        RECALL_OK.set(0)
        self._wake.set()

    def _run(self) -> None:
        while True:
            was_woken = self._wake.wait(self._look)
            self._wake.clear()
            try:
                self._keep_all()
                if was_woken:
                    self._read_all()
                    RECALL_OK.set(1)
            except NATSError as error:
                self._complain(f"{type(error).__name__}: {error}")
                self._wake_later()
            else:
                self._complaint = ""
            self._tried.set()

    def _wake_later(self) -> None:
        self._tried.set()
        self._wake.wait(self._retry)
        self._wake.set()

    def _keep_all(self) -> None:
        for stream in (*self._streams, *self._others):
            self._jetstream.keep(stream)

    def _read_all(self) -> None:
        for stream in self._streams:
            self._read(stream)

    def _read(self, stream: Stream) -> None:
        number = 1
        while page := self._jetstream.read(stream.name, stream.subjects[0], number=number, most=PAGE):
            for message in page:
                self._control.take(message)
            RECALLED.inc(len(page))
            number = page[-1].number + 1

    def _complain(self, text: str) -> None:
        """Log a failure once, not at every try."""
        if text != self._complaint:
            self._complaint = text
            log.warning("what edges were told before cannot be read: %s", text)
