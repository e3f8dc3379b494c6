"""A Service and a pod of the rolling update rehearsal, with real connections and processes."""

import struct
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import gevent
import pytest
from gevent import socket
from gevent.server import StreamServer

from apps.local.ports import free_port
from tests.faults.rollout_pod import RunningPod
from tests.faults.rollout_service import Service
from tests.manifests.support.container import Container, Pod
from tests.manifests.support.local_pods import LocalPods
from tests.support.waiting import wait_for

DELAY = 0.3
SERVED, OLD, NEW = "127.81.1.1", "127.81.1.2", "127.81.1.3"
RESET = struct.pack("ii", 1, 0)

PROGRAM = """
import http.server, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
signal.signal(signal.SIGTERM, signal.SIG_IGN if sys.argv[3] == "stubborn" else lambda *_: sys.exit(int(sys.argv[3])))
http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def service(port: int) -> Iterator[Service]:
    service = Service("gate", (SERVED, port), port, DELAY)
    service.start()
    yield service
    service.stop()


def serve(address: str, port: int, *, resets: bool = False) -> StreamServer:
    """Answer each connection with its own address and close, or reset it."""
    def answer(peer: Any, _: Any) -> None:
        peer.recv(2)
        if resets:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        else:
            peer.sendall(address.encode())
    server = StreamServer((address, port), answer)
    server.start()
    return server


@pytest.fixture
def pods(port: int) -> Iterator[None]:
    servers = [serve(address, port) for address in (OLD, NEW)]
    yield
    for server in servers:
        server.stop()


def ask(port: int) -> str:
    """Return what the Service's pod answers until it ends the connection."""
    with socket.create_connection((SERVED, port), 5) as peer:
        peer.sendall(b"xy")
        return b"".join(iter(partial(peer.recv, 100), b"")).decode()


def test_connections_take_turns(service: Service, pods: None, port: int) -> None:
    for address in (OLD, NEW):
        service.set_now(address, ready=True)
    assert {ask(port) for _ in range(2)} == {OLD, NEW}
    assert service.leads_to([NEW, OLD])
    assert [*service.refused, *service.reset] == []


def test_a_change_takes_effect_later(service: Service, pods: None, port: int) -> None:
    service.set_now(OLD, ready=True)
    service.set(NEW, ready=True)
    service.set(OLD, ready=False)
    assert ask(port) == OLD
    wait_for(lambda: service.leads_to([NEW]), what="the change to arrive")
    assert ask(port) == NEW


def test_an_open_connection_stays_with_its_pod(service: Service, port: int) -> None:
    pod = socket.create_server((OLD, port))
    service.set_now(OLD, ready=True)
    with socket.create_connection((SERVED, port), 5) as peer, pod.accept()[0] as other:
        service.set_now(OLD, ready=False)
        pod.close()
        peer.sendall(b"hello")
        assert other.recv(100) == b"hello"
        other.sendall(b"bye")
        other.shutdown(socket.SHUT_WR)
        assert peer.recv(100) == b"bye"
        assert peer.recv(100) == b""
    assert [*service.refused, *service.reset] == []


def test_a_pod_that_does_not_listen_is_noticed(service: Service, port: int) -> None:
    with pytest.raises(ConnectionResetError):
        ask(port)
    service.set_now(OLD, ready=True)
    with pytest.raises(ConnectionResetError):
        ask(port)
    assert [text.partition(": ")[0] for text in service.refused] == ["gate at no pod", f"gate at {OLD}"]


def test_a_reset_is_passed_on_and_noticed(service: Service, port: int) -> None:
    server = serve(OLD, port, resets=True)
    service.set_now(OLD, ready=True)
    with pytest.raises(ConnectionResetError):
        ask(port)
    wait_for(lambda: service.reset == [f"gate at {OLD} reset a connection"], what="the reset to be noted")
    server.stop()


class OnePod:
    """In the place of LocalPods: a pod whose program answers all probes and ends on SIGTERM as it is told."""

    def __init__(self, folder: Path, port: int, how: str, *, grace: float = 5, pre_stop: float = 0) -> None:
        probe = {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 0.05, "failureThreshold": 100}
        spec = {"name": "main", "ports": [{"name": "http", "containerPort": port}], "startupProbe": probe,
                "readinessProbe": probe, "lifecycle": {"preStop": {"sleep": {"seconds": pre_stop}}}}
        self.pod = Pod("gate-0", "gate", OLD, {"terminationGracePeriodSeconds": grace})
        command = [sys.executable, "-c", PROGRAM, OLD, str(port), how]
        self._container = Container(self.pod, spec, command, {}, folder / "gate.log")

    def containers(self, pod: Pod, *, initial: bool = False) -> list[Container]:
        return [] if initial else [self._container]


def rolled(one: OnePod) -> tuple[RunningPod, list[bool]]:
    """Start the pod, end it when it is ready, and return it with what it told its Services."""
    told: list[bool] = []
    running = RunningPod(cast("LocalPods", one), one.pod, lambda _, ready: told.append(ready))
    running.start()
    try:
        wait_for(lambda: running.ready, what="the pod to be ready")
        running.end()
        assert told == [True, False]
        wait_for(lambda: running.ended, what="the pod to end")
    finally:
        running.kill()
    return running, told


def test_a_pod_ends_by_itself(tmp_path: Path, port: int) -> None:
    running, _ = rolled(OnePod(tmp_path, port, "0"))
    assert (running.killed, running.problems) == (False, [])


def test_a_pod_that_stays_is_killed(tmp_path: Path, port: int) -> None:
    running, _ = rolled(OnePod(tmp_path, port, "stubborn", grace=0.5, pre_stop=0.3))
    assert (running.killed, running.problems) == (True, ["gate-0 ended with SIGKILL"])


def test_a_pod_that_ends_badly_is_noticed(tmp_path: Path, port: int) -> None:
    running, _ = rolled(OnePod(tmp_path, port, "3"))
    assert (running.killed, running.problems) == (False, ["gate-0 ended with exit code 3"])


def test_a_pod_serves_until_pre_stop_is_over(tmp_path: Path, port: int) -> None:
    one = OnePod(tmp_path, port, "0", pre_stop=0.5)
    running = RunningPod(cast("LocalPods", one), one.pod, lambda *_: None)
    running.start()
    wait_for(lambda: running.ready, what="the pod to be ready")
    running.end()
    gevent.sleep(0.2)
    assert running.container.passes("readinessProbe")
    wait_for(lambda: running.ended, what="the pod to end")
    assert running.problems == []


def test_a_pod_that_dies_is_noticed(tmp_path: Path, port: int) -> None:
    one = OnePod(tmp_path, port, "0")
    told: list[bool] = []
    running = RunningPod(cast("LocalPods", one), one.pod, lambda _, ready: told.append(ready))
    running.start()
    wait_for(lambda: running.ready, what="the pod to be ready")
    running.container.kill()
    wait_for(lambda: running.problems, what="its death to be noticed")
    assert told == [True, False]
    assert "ended by itself with SIGKILL" in running.problems[0]
