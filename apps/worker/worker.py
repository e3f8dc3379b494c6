"""The frame of the worker: take a job from NATS, run it, return the answer to the gate that waits for it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent
import redis
from gevent.queue import Queue

from apps.worker import request
from apps.worker.admission import ROOM, Admission
from apps.worker.gates import Gates
from apps.worker.identities import Identity
from apps.worker.look_up import Found, LookUp
from apps.worker.message_handler import MessageHandler
from apps.worker.request import MalformedRequestError, Request
from common import answers, frames, logs, vital
from common.answers import Status
from common.frames import FrameError
from common.metrics import LATENCY_BUCKETS, Counter, Gauge, Histogram
from common.nats import Client, Message
from common.timeouts import quietly_within

log = logging.getLogger(__name__)

REQUESTS = Counter("worker_requests_total", "Requests that were answered", ["function", "status"])
SECONDS = Histogram("worker_request_seconds", "Time from taking a job to its answer", ["function"],
                    buckets=LATENCY_BUCKETS)
DROPPED = Counter("worker_jobs_dropped_total", "Jobs without an answer", ["reason"])
DROPPED.labels("crowded")  # there from the start: an autoscaler that misses one of its metrics removes no pods
WAITING = Gauge("worker_jobs_waiting", "Jobs that wait for a free place")
RUNNING = Gauge("worker_jobs_running", "Jobs that run")

RETRY_AFTER = 1.0
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Job:
    """A client's line, and until when somebody waits for its answer."""

    message_id: str
    line: bytes
    reply: str
    arrived: float
    number: int


class Worker:
    """Runs jobs in a fixed number of greenlets; refuses what would have to wait too long."""

    def __init__(self, nats: Client, look_up: LookUp, gates: Gates, handler: MessageHandler, admission: Admission, *,
                 subject: str, queue_group: str, concurrency: int, queue: int, queue_seconds: float,
                 job_seconds: float, access_log: bool,
                 clock: Callable[[], float]) -> None:
        """``clock`` is monotonic, in seconds."""
        self._nats = nats
        self._look_up = look_up
        self._gates = gates
        self._handler = handler
        self._admission = admission
        self._subject = subject
        self._queue_group = queue_group
        self._concurrency = concurrency
        self._room = queue
        self._queue_seconds = queue_seconds
        self._job_seconds = job_seconds
        self._access_level = logging.INFO if access_log else logging.DEBUG
        self._clock = clock
        self._jobs: Queue[Job | None] = Queue()
        self._running = 0
        self._greenlets: list[gevent.Greenlet[..., Any]] = []
        self._subscription: Any = None

    def start(self) -> None:
        WAITING.set_function(self._jobs.qsize)
        RUNNING.set_function(lambda: self._running)
        ROOM.set_function(lambda: self._admission.room)
        self._greenlets = [vital.spawn(self._work) for _ in range(self._concurrency)]
        self._subscription = self._nats.subscribe(self._subject, queue=self._queue_group, callback=self.take)

    def stop(self) -> None:
        """Take no more jobs, finish what was taken."""
        self._nats.drain_subscription(self._subscription, self._job_seconds)
        for _ in self._greenlets:
            self._jobs.put(None)
        gevent.joinall(self._greenlets, timeout=self._job_seconds)

    def take(self, message: Message) -> None:
        """Queue a job. Called by the reader of NATS: never waits."""
        try:
            message_id, line = frames.decode(message.payload)
        except FrameError as error:
            DROPPED.labels("malformed").inc()
            log.warning("a job is no frame: %s", error)
            return
        now = self._clock()
        if self._is_overloaded(now):
            self._refuse(message.reply, "refused")
        elif not self._admission.has_room(now):
            self._refuse(message.reply, "crowded")
        else:
            self._jobs.put_nowait(Job(message_id, line, message.reply, now, self._admission.begin(now)))

    def _is_overloaded(self, now: float) -> bool:
        """Whether a new job would wait too long: too many are before it, or the first of them already does."""
        waiting = self._jobs.qsize()
        if waiting + self._running >= self._concurrency + self._room:
            return True
        first = self._jobs.peek_nowait() if waiting else None
        return first is not None and now - first.arrived > self._queue_seconds

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._running += 1
            logs.message_id.set(job.message_id)
            try:
                self._run(job)
            except redis.RedisError as error:
                log.warning("not served, Redis: %s", error)
                self._refuse(job.reply, "refused")
            except Exception:  # the greenlet has to go on with the next job
                log.exception("a job failed outside of its function")
                DROPPED.labels("failed").inc()
            finally:
                self._running -= 1
                self._admission.end(job.number, self._clock())

    def _run(self, job: Job) -> None:
        left = job.arrived + self._job_seconds - self._clock()
        try:
            message = request.parse(job.line)
        except MalformedRequestError as error:
            self._return_malformed(job, error)
            return
        identity = self._handler.remembered(message)
        found = self._look_up.of(job.message_id, identity)
        if found.gate_id is None or left <= 0:
            DROPPED.labels("nobody waits" if found.gate_id is None else "too late").inc()
            return
        answer = self._answer(job, message, identity, found, left)
        self._gates.send(found.gate_id, frames.encode(job.message_id, answer))

    def _answer(self, job: Job, message: Request, identity: Identity | None, found: Found, left: float) -> bytes:
        answer = answers.platform(Status.TIMED_OUT, "request timed out")
        with quietly_within(left):
            answer = self._handler.handle(job.message_id, message, identity, found)
        seconds = self._clock() - job.arrived
        function = message.function if self._handler.knows(message.function) else UNKNOWN
        status = status_of(answer)
        REQUESTS.labels(function, status).inc()
        SECONDS.labels(function).observe(seconds)
        if log.isEnabledFor(self._access_level):
            log.log(self._access_level, "answered %s", function,
                    extra={"status": status, "milliseconds": round(seconds * 1000, 1)})
        return answer

    def _return_malformed(self, job: Job, error: MalformedRequestError) -> None:
        gate_id = self._look_up.of(job.message_id, None).gate_id
        if gate_id is not None:
            answer = answers.platform(Status.MALFORMED, str(error))
            self._gates.send(gate_id, frames.encode(job.message_id, answer))

    def _refuse(self, reply: str, reason: str) -> None:
        """Tell the gate over NATS that this job will not be run, without asking Redis first."""
        DROPPED.labels(reason).inc()
        if reply:
            self._nats.publish(reply, payload=answers.busy(RETRY_AFTER))


def status_of(answer: bytes) -> str:
    """Return the status of an answer line without reading all of it."""
    start = answer.find(b'"status":')
    if start < 0:
        return "none"
    start += len(b'"status":')
    end = answer.find(b",", start)
    return answer[start:end].decode()
