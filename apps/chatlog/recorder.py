"""Takes messages from JetStream, writes them, and acknowledges them once they are on the disk."""

import logging
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import gevent
from gevent.event import Event

from apps.chatlog.entries import Entry
from apps.chatlog.folder import Folder, Place
from apps.chatlog.gaps import Gaps
from common import vital
from common.metrics import LATENCY_BUCKETS, Counter, Gauge, Histogram
from common.nats.errors import NATSError
from common.nats.jetstream import JetStream, Stream
from common.nats.stored import NANOSECONDS, Stored

log = logging.getLogger(__name__)

REPEATED = Counter("chatlog_repeated_total", "Messages and reports that came again and stood in the log already")
FAILURES = Counter("chatlog_failures_total", "Times when NATS or the disk failed, or something nobody expected")
REMOVED = Counter("chatlog_files_removed_total", "Files that were too old")
SECONDS = Histogram("chatlog_write_seconds", "Time to write and sync a batch", buckets=LATENCY_BUCKETS)

FETCH_SECONDS = 1.0
T = TypeVar("T")


class Pace(NamedTuple):
    """``batch`` messages at once, collected for ``collect`` seconds; ``retry`` seconds of rest after a failure.

    A message is written when it is ``age`` seconds old. What is not written ``ack`` seconds later comes again. Every
    ``look`` seconds it looks whether everything is in order.
    """

    batch: int
    collect: float
    retry: float
    ack: float
    look: float
    age: float = 0.0


class Source(NamedTuple):
    """What is written: the messages of a stream, each made into an entry by ``entry``, which may raise NATSError.

    Where the log stands is kept under the name ``consumer``. ``feeds`` are streams that bring messages into this one;
    ``gaps`` knows what did not arrive.
    """

    title: str
    stream: Stream
    consumer: str
    entry: Callable[[Stored], Entry]
    written: Counter
    pending: Gauge
    feeds: Sequence[Stream] = ()
    gaps: Gaps | None = None


class Recorder:
    """Writes from start to stop."""

    def __init__(self, jetstream: JetStream, source: Source, folder: Folder, pace: Pace, *, keep_days: int,
                 now: Callable[[], datetime], clock: Callable[[], float]) -> None:
        """``now`` is in UTC, ``clock`` is monotonic and in seconds."""
        self._jetstream = jetstream
        self._source = source
        self._folder = folder
        self._pace = pace
        self._keep_days = keep_days
        self._now = now
        self._clock = clock
        self._stopping = Event()
        self._loop: gevent.Greenlet[..., Any] | None = None
        self._state = "has not begun"
        self._works = False
        self._stumbles = False
        self._tidied = -math.inf

    def start(self) -> None:
        self._loop = vital.spawn(self._run)

    def stop(self) -> None:
        """Finish the batch of the moment; what comes later waits in the stream."""
        self._stopping.set()
        if self._loop is not None:
            self._loop.join()
        self._folder.release()

    def probe(self) -> str:
        """Return what it does. Raises RuntimeError when it does not record."""
        if not self._works:
            raise RuntimeError(self._state)
        return self._state

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._prepare():
                    self._record()
            except NATSError as error:
                self._fail(error)
            except OSError as error:
                self._stumbles = True
                self._fail(error)
            except Exception as error:  # noqa: BLE001  # it is logged, what was not written stays, the next try may go well
                self._stumbles = True
                self._fail(error, unexpected=True)
            self._stopping.wait(self._pace.retry)

    def _fail(self, error: Exception, *, unexpected: bool = False) -> None:
        FAILURES.inc()
        self._tell(f"{type(error).__name__}: {error}", works=False, exc_info=unexpected)

    def _prepare(self) -> bool:
        self._keep_streams()  # also while another process writes: what is said meanwhile waits there
        if not _in_thread(self._folder.take):
            self._tell("another process writes this log", works=True)
            return False
        if self._source.gaps is not None:
            self._source.gaps.begin(_in_thread(self._folder.place))
        self._jetstream.add_consumer(self._source.stream.name, self._source.consumer, pending=2 * self._pace.batch,
                                     wait=self._pace.age + self._pace.ack)
        if not self._stumbles:  # otherwise only a batch that was written shows that it works again
            self._tell("records", works=True)
        return True

    def _keep_streams(self) -> None:
        for stream in (self._source.stream, *self._source.feeds):
            self._jetstream.keep(stream)

    def _record(self) -> None:
        while not self._stopping.is_set():
            if self._clock() - self._tidied >= self._pace.look:
                self._tidied = self._clock()
                self._tidy()
            found = self._fetch(self._pace.batch, FETCH_SECONDS)
            if found and len(found) < self._pace.batch:
                self._stopping.wait(self._pace.collect)
                found += self._fetch(self._pace.batch - len(found), 0)
            if found and self._wait_for_age(found):
                self._write(found)

    def _fetch(self, most: int, seconds: float) -> list[Stored]:
        return self._jetstream.fetch(self._source.stream.name, self._source.consumer, most=most, seconds=seconds)

    def _wait_for_age(self, messages: list[Stored]) -> bool:
        """Wait until all messages are old enough; False when the process stops before, and they come again."""
        if not self._pace.age:
            return True
        age = self._now().timestamp() - max(message.time for message in messages) / NANOSECONDS
        return not self._stopping.wait(min(self._pace.age, max(0.0, self._pace.age - age)))

    def _write(self, messages: list[Stored]) -> None:
        """Write messages; before them what the stream lacks and others have."""
        messages = sorted(messages, key=lambda message: message.time)
        if self._source.gaps is not None:
            for missing in self._source.gaps.before(messages):
                self._put(missing)
        self._put(messages)
        self._pass(messages[-1])

    def _write_rest(self) -> None:
        """Write what others have and the stream lacks although it is read to its end."""
        if self._source.gaps is not None:
            for missing in self._source.gaps.after():
                self._put(missing)
                self._pass(missing[-1])

    def _pass(self, message: Stored) -> None:
        if self._source.gaps is not None and self._source.gaps.passed(message):
            _in_thread(lambda: self._folder.note_place(Place(message.number, message.time)))

    def _put(self, messages: Sequence[Stored]) -> None:
        begun = self._clock()
        entries = [self._source.entry(message) for message in messages]
        outcome = _in_thread(lambda: self._folder.write(entries))
        for message, entry in zip(messages, entries, strict=True):
            if entry.key in outcome.safe and message.reply:
                self._jetstream.acknowledge(message)
        self._source.written.inc(outcome.new)
        REPEATED.inc(len(outcome.safe) - outcome.new)
        SECONDS.observe(self._clock() - begun)
        if outcome.failure is not None:
            raise outcome.failure
        self._stumbles = False
        self._tell("records", works=True)

    def _tidy(self) -> None:
        self._keep_streams()
        pending = self._jetstream.pending(self._source.stream.name, self._source.consumer)
        self._source.pending.set(pending)
        if not pending:
            self._write_rest()
        if self._keep_days:
            removed = _in_thread(lambda: self._folder.remove_old(self._now().date(), self._keep_days))
            REMOVED.inc(len(removed))
            for name in removed:
                log.info("removed a file of the log", extra={"file": name})

    def _tell(self, state: str, *, works: bool, exc_info: bool = False) -> None:
        """Remember the state, and log it when it is new."""
        if state != self._state:
            log.log(logging.INFO if works else logging.WARNING, "the log of %s: %s", self._source.title, state,
                    exc_info=exc_info)
        self._state, self._works = state, works


def _in_thread(work: Callable[[], T]) -> T:
    """Do work on the disk in a thread; its OSError is raised here, and not shown by the thread's owner first."""
    def attempt() -> T | OSError:
        try:
            return work()
        except OSError as error:
            return error

    result: T | OSError = gevent.get_hub().threadpool.apply(attempt)
    if isinstance(result, OSError):
        raise result
    return result
