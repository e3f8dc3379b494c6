"""Answers on their way to a gate: what a broken connection or an absent Redis held up arrives all the same."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from gevent.server import StreamServer

from apps.local.backends import Valkey
from apps.worker.gate_sender import SendingRules
from apps.worker.gates import Gates
from apps.worker.look_up import as_text
from common import keys
from common.lines import LineReader, LineTooLongError
from common.redis_client import PipelinedRedis
from tests.faults.proxy import Proxy
from tests.support.waiting import wait_for

LONGEST = 1000


class GateStandIn:
    """Takes answers as a gate does; drops the connection on which it meets one that is too long."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.connections = 0
        self._server = StreamServer(("127.0.0.1", 0), self._serve)

    @property
    def port(self) -> int:
        return int(self._server.server_port or 0)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop(timeout=0)

    def _serve(self, peer: socket.socket, _: Any) -> None:
        self.connections += 1
        reader = LineReader(peer, LONGEST)
        try:
            while (line := reader.read(None)) is not None:
                self.answers.append(line)
        except (LineTooLongError, OSError):
            peer.close()


class Scene:
    """Gates as a worker has them, and a gate behind a network that breaks."""

    def __init__(self, redis: PipelinedRedis) -> None:
        self.id = secrets.token_hex(8)
        self.redis = redis
        self.gate = GateStandIn()
        self.gate.start()
        self.network = Proxy(self.gate.port)
        self.network.start()
        self.gates = self.gates_of()

    def gates_of(self, idle_seconds: float = 30) -> Gates:
        return Gates(lambda gate_id: as_text(self.redis.get(keys.gate(gate_id))), SendingRules(
            connect_seconds=1, idle_seconds=idle_seconds, patience=30, memory=10, queue=100))

    def register(self, port: int = 0) -> None:
        self.redis.set(keys.gate(self.id), f"127.0.0.1:{port or self.network.port}", ex=60)

    def send(self, *answers: bytes) -> None:
        for answer in answers:
            self.gates.send(self.id, answer)

    def wait_for(self, *answers: bytes) -> None:
        wait_for(lambda: set(answers) <= set(self.gate.answers), what=f"{answers} among {self.gate.answers}")

    def close(self) -> None:
        self.gates.stop()
        self.network.stop()
        self.gate.stop()


@contextmanager
def scene_on(url: str) -> Iterator[Scene]:
    redis = PipelinedRedis(url, timeout=0.5)
    redis.start()
    scene = Scene(redis)
    try:
        scene.register()
        yield scene
    finally:
        scene.close()
        redis.stop()


@pytest.fixture
def scene(redis_server: Valkey) -> Iterator[Scene]:
    with scene_on(redis_server.url) as scene:
        yield scene


def test_answers_that_a_broken_connection_swallowed_are_sent_again(scene: Scene) -> None:
    scene.send(b"first")
    scene.wait_for(b"first")
    scene.network.pause()
    lost = [b"a%d" % number for number in range(5)]
    scene.send(*lost)
    scene.send(b"last")
    wait_for(lambda: not scene.gates.waiting)
    scene.network.cut()  # what was held back is lost
    scene.network.resume()
    scene.wait_for(*lost, b"last")


def test_a_break_is_noticed_without_a_further_answer(scene: Scene) -> None:
    scene.send(b"first")
    scene.wait_for(b"first")
    scene.network.cut()
    wait_for(lambda: scene.gate.connections == 2)


def test_an_answer_that_breaks_every_connection_holds_up_nobody_for_long(scene: Scene) -> None:
    scene.send(b"x" * (2 * LONGEST))
    wait_for(lambda: scene.gate.connections == 2)
    scene.send(b"after")
    scene.wait_for(b"after")
    assert scene.gate.connections <= 4


def test_answers_wait_for_redis(own_redis_server: Valkey) -> None:
    with scene_on(own_redis_server.url) as scene:
        own_redis_server.kill()
        wait_for(lambda: not scene.redis.connected)
        scene.send(b"one", b"two")
        own_redis_server.start()
        wait_for(lambda: scene.redis.connected)
        scene.register()
        scene.wait_for(b"one", b"two")


def test_a_connection_without_answers_outlives_an_absent_redis(own_redis_server: Valkey) -> None:
    with scene_on(own_redis_server.url) as scene:
        scene.gates = scene.gates_of(idle_seconds=0.05)
        scene.send(b"one")
        scene.wait_for(b"one")
        own_redis_server.kill()
        wait_for(lambda: not scene.redis.connected)
        scene.send(b"two")
        scene.wait_for(b"two")
        assert scene.gate.connections == 1
