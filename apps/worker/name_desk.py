"""Tells edges who has a game name: they ask over NATS, and one of the workers answers.

A question is ``{"world": "s1", "gn": "ada"}``, the answer ``{"uid": "p17...", "gn": "Ada"}``, both empty where nobody
has the name, or ``{"error": "busy"}`` where it cannot be told. Few questions run at once, so that they leave the
database to the jobs.
"""

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import gevent
import orjson
from gevent.queue import Queue

from apps.worker.rules.player_names import Bearer
from common import vital
from common.metrics import Counter
from common.mysql import DatabaseUnavailableError
from common.nats import Client, Message, NATSError
from common.timeouts import quietly_within

log = logging.getLogger(__name__)

QUESTIONS = Counter("worker_name_questions_total", "Questions of edges about who has a game name", ["result"])

BUSY, FAILED, MALFORMED = "busy", "failed", "malformed"
NOBODY = Bearer("", "")


class Question(NamedTuple):
    """Who lives in a world under a name; ``deadline`` is when nobody waits for the answer any more."""

    world: str
    name: str
    reply: str
    deadline: float


class NameDesk:
    """Answers from start to stop; refuses what would have to wait too long."""

    def __init__(self, nats: Client, find: Callable[[str, str], Bearer | None], *, subject: str, queue_group: str,
                 concurrency: int, queue: int, seconds: float, clock: Callable[[], float]) -> None:
        """``find`` tells who has a name in a world; an answer takes ``seconds`` at most. ``clock`` is monotonic."""
        self._nats = nats
        self._find = find
        self._subject = subject
        self._queue_group = queue_group
        self._concurrency = concurrency
        self._room = queue
        self._seconds = seconds
        self._clock = clock
        self._questions: Queue[Question | None] = Queue()
        self._greenlets: list[gevent.Greenlet[..., Any]] = []
        self._subscription: Any = None

    def start(self) -> None:
        self._greenlets = [vital.spawn(self._work) for _ in range(self._concurrency)]
        self._subscription = self._nats.subscribe(self._subject, queue=self._queue_group, callback=self.take)

    def stop(self) -> None:
        """Take no more questions, answer those that were taken."""
        self._nats.drain_subscription(self._subscription, self._seconds)
        for _ in self._greenlets:
            self._questions.put(None)
        gevent.joinall(self._greenlets, timeout=self._seconds)

    def take(self, message: Message) -> None:
        """Queue a question. Called by the reader of NATS: never waits."""
        try:
            fields = orjson.loads(message.payload)
            world, name = fields["world"], fields["gn"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            world = name = None
        if not isinstance(world, str) or not isinstance(name, str):
            self._answer(message.reply, MALFORMED, {"error": MALFORMED})
        elif self._questions.qsize() >= self._room:
            self._answer(message.reply, BUSY, {"error": BUSY})
        else:
            self._questions.put_nowait(Question(world, name, message.reply, self._clock() + self._seconds))

    def _work(self) -> None:
        while (question := self._questions.get()) is not None:
            left = question.deadline - self._clock()
            if left > 0:
                self._serve(question, left)
            else:
                QUESTIONS.labels("too late").inc()

    def _serve(self, question: Question, seconds: float) -> None:
        found: Bearer | None = None
        is_known = False
        try:
            with quietly_within(seconds):
                found = self._find(question.world, question.name)
                is_known = True
        except DatabaseUnavailableError as error:
            log.warning("nobody can be told who has a name: %s", error)
        except Exception:  # the greenlet has to go on with the next question
            log.exception("a question about a name failed")
        if not is_known:
            self._answer(question.reply, FAILED, {"error": FAILED})
            return
        bearer = found or NOBODY
        self._answer(question.reply, "found" if found else "nobody", {"uid": bearer.uid, "gn": bearer.gn})

    def _answer(self, reply: str, result: str, fields: dict[str, str]) -> None:
        QUESTIONS.labels(result).inc()
        try:
            self._nats.publish(reply, payload=orjson.dumps(fields))
        except (NATSError, ValueError) as error:  # the latter: it can be no subject
            log.warning("nobody was told who has a name: %s", error)
