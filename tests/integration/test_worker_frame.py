"""The frame of the worker on real NATS and Redis: jobs in, answers out, limits held, nothing left behind at the end."""

import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import orjson
import pytest
from gevent.event import Event
from gevent.server import StreamServer

from apps.local.backends import Nats, Valkey
from apps.worker.account_rates import AccountRates
from apps.worker.admission import Admission, AdmissionRules
from apps.worker.gate_sender import SendingRules
from apps.worker.gates import Gates
from apps.worker.identities import Identity
from apps.worker.look_up import Found, LookUp, as_text
from apps.worker.request import Request
from apps.worker.worker import Worker
from common import frames, keys
from common.lines import LineReader
from common.nats import Client, Message
from common.redis_client import PipelinedRedis
from tests.support.waiting import wait_for

NO_RULES = AdmissionRules(least=1000, most=1000, quick=1, interval=1, cold=0, stuck=1)
DONE = b'{"status":0,"message":"success","data":{}}'
Work = Callable[[Request], bytes]


class Handler:
    """Stands where the message handler is: answers what the test wants."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def knows(self, function: str) -> bool:
        return True

    def remembered(self, message: Request) -> Identity | None:
        return None

    def handle(self, message_id: str, message: Request, identity: Identity | None, found: Found) -> bytes:
        return self._work(message)


class GateStandIn:
    """Takes answers as a gate does, and sends jobs."""

    def __init__(self, nats: Client, redis: PipelinedRedis, subject: str) -> None:
        self.id = secrets.token_hex(8)
        self.answers: dict[str, bytes] = {}
        self.refused: dict[str, bytes] = {}
        self._nats = nats
        self._redis = redis
        self._subject = subject
        self._server = StreamServer(("127.0.0.1", 0), self._serve)

    def start(self) -> None:
        self._server.start()
        self._redis.set(keys.gate(self.id), f"127.0.0.1:{self._server.server_port}", ex=60)
        self._nats.subscribe(f"_INBOX.{self.id}.*", callback=self._take_refusal)

    def stop(self) -> None:
        self._server.stop(timeout=0)

    def send(self, line: bytes = b'{"function":"f"}', *, waits: bool = True) -> str:
        message_id = frames.new_message_id(secrets.token_hex)
        if waits:
            self._redis.set(keys.message(message_id), self.id, ex=10)
        self._nats.publish(self._subject, payload=frames.encode(message_id, line),
                           reply=f"_INBOX.{self.id}.{message_id}")
        return message_id

    def _take_refusal(self, message: Message) -> None:
        self.refused[message.subject.rpartition(".")[2]] = message.payload

    def _serve(self, peer: socket.socket, _: Any) -> None:
        reader = LineReader(peer, 1_000_000)
        while (line := reader.read(None)) is not None:
            message_id, answer = frames.decode(line)
            self.answers[message_id] = answer


class Scene:
    """A worker and a gate that speak with each other."""

    def __init__(self, nats: Client, redis: PipelinedRedis, gate: GateStandIn, worker: Worker, gates: Gates) -> None:
        self.nats, self.redis, self.gate, self.worker, self.gates = nats, redis, gate, worker, gates

    def status(self, message_id: str) -> int:
        wait_for(lambda: message_id in self.gate.answers, what="an answer")
        return int(orjson.loads(self.gate.answers[message_id])["status"])


@pytest.fixture
def scene(nats_server: Nats, redis_server: Valkey) -> Callable[..., Any]:
    @contextmanager
    def build(work: Work, rules: AdmissionRules = NO_RULES, **limits: Any) -> Iterator[Scene]:
        subject = f"jobs{secrets.token_hex(4)}"
        nats = Client([nats_server.url], name="test")
        redis = PipelinedRedis(redis_server.url)
        gate = GateStandIn(nats, redis, subject)
        gates = Gates(lambda gate_id: as_text(redis.get(keys.gate(gate_id))), SendingRules(
            connect_seconds=1, idle_seconds=30, patience=10, memory=2, queue=100))
        options: dict[str, Any] = {"concurrency": 4, "queue": 4, "queue_seconds": 5.0, "job_seconds": 5.0} | limits
        rates = AccountRates(0, 1, workers=1, size=1, clock=time.monotonic)
        worker = Worker(
            nats, LookUp(redis, rates), gates, Handler(work), Admission(rules, time.monotonic()),  # type: ignore[arg-type]
            subject=subject, queue_group="workers", access_log=False, clock=time.monotonic, **options)
        for part in (redis, nats, gate, worker):
            part.start()
        assert nats.wait_connected(5)
        nats.flush(5)
        try:
            yield Scene(nats, redis, gate, worker, gates)
        finally:
            for owner in (worker, gates, gate, nats, redis):
                owner.stop()

    return build


def done(_: Request) -> bytes:
    return DONE


def test_a_job_is_answered_over_the_gates_connection(scene: Callable[..., Any]) -> None:
    with scene(done) as it:
        sent = [it.gate.send() for _ in range(5)]
        assert [it.status(message_id) for message_id in sent] == [0] * 5


def test_a_job_that_takes_too_long_is_answered_as_such(scene: Callable[..., Any]) -> None:
    def work(_: Request) -> bytes:
        gevent.sleep(30)
        return DONE

    with scene(work, job_seconds=0.2) as it:
        assert it.status(it.gate.send()) == -2


def test_the_place_of_a_job_that_took_too_long_is_free_again(scene: Callable[..., Any]) -> None:
    def work(message: Request) -> bytes:
        if message.function == "slow":
            gevent.sleep(30)
        return DONE

    with scene(work, job_seconds=0.3, concurrency=1) as it:
        slow = it.gate.send(b'{"function":"slow"}')
        assert it.status(slow) == -2
        assert it.status(it.gate.send()) == 0


def test_nobody_waits_so_nothing_is_done(scene: Callable[..., Any]) -> None:
    ran: list[str] = []

    def work(message: Request) -> bytes:
        ran.append(message.function)
        return DONE

    with scene(work) as it:
        it.gate.send(b'{"function":"unwanted"}', waits=False)
        assert it.status(it.gate.send(b'{"function":"wanted"}')) == 0
    assert ran == ["wanted"]


def test_more_than_there_is_room_for_is_refused_at_once(scene: Callable[..., Any]) -> None:
    release = Event()

    def work(_: Request) -> bytes:
        release.wait(10)
        return DONE

    with scene(work, concurrency=2, queue=2) as it:
        sent = [it.gate.send() for _ in range(10)]
        wait_for(lambda: len(it.gate.refused) == 6, what="refusals")
        assert {orjson.loads(answer)["status"] for answer in it.gate.refused.values()} == {-3}
        release.set()
        kept = [message_id for message_id in sent if message_id not in it.gate.refused]
        assert [it.status(message_id) for message_id in kept] == [0] * 4


def test_what_would_wait_too_long_is_refused(scene: Callable[..., Any]) -> None:
    release = Event()

    def work(_: Request) -> bytes:
        release.wait(10)
        return DONE

    with scene(work, concurrency=1, queue=100, queue_seconds=0.1) as it:
        it.gate.send()
        it.gate.send()
        deadline = time.monotonic() + 0.2
        wait_for(lambda: time.monotonic() > deadline, what="a while")
        late = it.gate.send()
        wait_for(lambda: late in it.gate.refused, what="a refusal")
        release.set()


def test_while_not_even_the_quickest_are_quick_fewer_are_let_in(scene: Callable[..., Any]) -> None:
    release = Event()

    def work(message: Request) -> bytes:
        release.wait(0.2 if message.function == "first" else 10)
        return DONE

    rules = AdmissionRules(least=2, most=1000, quick=0.02, interval=0.1, cold=0, stuck=60)
    with scene(work, rules, concurrency=50, queue=1000) as it:
        first = [it.gate.send(b'{"function":"first"}') for _ in range(20)]
        assert [it.status(message_id) for message_id in first] == [0] * 20
        sent = [it.gate.send() for _ in range(20)]
        wait_for(lambda: len(it.gate.refused) == 18, what="refusals")
        assert {orjson.loads(answer)["status"] for answer in it.gate.refused.values()} == {-3}
        release.set()
        assert [it.status(message_id) for message_id in sent if message_id not in it.gate.refused] == [0] * 2


@pytest.mark.parametrize("payload", [b"", b"~", b"no separator", b"\xff~{}", b"id with space~{}"])
def test_what_is_no_job_harms_nobody(scene: Callable[..., Any], payload: bytes) -> None:
    with scene(done) as it:
        it.nats.publish(it.gate._subject, payload=payload)
        assert it.status(it.gate.send()) == 0


@pytest.mark.parametrize("line", [b"", b"[]", b"{", b'{"function":5}', b"\xff"])
def test_a_line_that_is_no_request_is_answered(scene: Callable[..., Any], line: bytes) -> None:
    with scene(done) as it:
        assert it.status(it.gate.send(line)) == -4


def test_a_gate_that_has_gone_costs_nobody_else(scene: Callable[..., Any]) -> None:
    with scene(done) as it:
        other = frames.new_message_id(secrets.token_hex)
        it.redis.set(keys.message(other), "gone", ex=10)
        it.nats.publish(it.gate._subject, payload=frames.encode(other, b'{"function":"f"}'))
        assert it.status(it.gate.send()) == 0


def test_stopping_finishes_what_was_taken(scene: Callable[..., Any]) -> None:
    def work(_: Request) -> bytes:
        gevent.sleep(0.1)
        return DONE

    with scene(work, concurrency=2, queue=100) as it:
        sent = [it.gate.send() for _ in range(8)]
        it.nats.flush(5)
    assert [it.status(message_id) for message_id in sent] == [0] * 8
