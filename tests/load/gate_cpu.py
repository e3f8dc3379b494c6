"""By hand: how much CPU does the gate use for a request? Real NATS and Redis, and a worker that answers at once.

``python -m gevent.monkey --module tests.load.gate_cpu [requests [clients]]``
"""

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import gevent
from gevent.event import Event

from tests.support.gate import HOST, ROOT, Gate, Worker, nats_server, read_all, redis_server, wait_for

REQUEST = b'{"function":"get_all_resource","world":"s0","data":{"token":"' + b"t" * 150 + b'"}}\r\n'
RUN = [sys.executable, "-m", "gevent.monkey", "--module", "tests.load.gate_cpu"]
KEPT = REQUEST.replace(b'{"f', b'{"keep_alive":true,"f', 1)


def one_connection_each(port: int, count: int) -> None:
    for _ in range(count):
        with socket.create_connection((HOST, port), 20) as client:
            client.sendall(REQUEST)
            assert read_all(client).startswith(b'{"status":0')


def kept_connection(port: int, count: int) -> None:
    with socket.create_connection((HOST, port), 20) as client:
        for _ in range(count):
            client.sendall(KEPT)
            assert client.recv(65_536).startswith(b'{"status":0')


def measure(gate: Gate, requests: int, clients: int) -> None:
    for load in (one_connection_each, kept_connection):
        load(gate.port, 50)
        cpu, begun = gate.cpu_seconds(), time.monotonic()
        gevent.joinall([gevent.spawn(load, gate.port, requests // clients) for _ in range(clients)], raise_error=True)
        seconds, cpu = time.monotonic() - begun, gate.cpu_seconds() - cpu
        print(f"{load.__name__}: {cpu / requests * 1e6:.0f} us of gate CPU a request, "
              f"{requests / seconds:.0f} requests/s from {clients} clients")


def serve_as_worker(nats_port: int, redis_port: int) -> None:
    Worker(nats_port, redis_port).start()
    Event().wait()


def main(requests: int, clients: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        nats, redis = nats_server(Path(name)), redis_server(Path(name))
        nats.start()
        redis.start()
        gate = Gate(Path(name), nats_port=nats.port, redis_port=redis.port, address_rate=0,
                    max_connections_per_address=0)
        worker = subprocess.Popen([*RUN, "worker", str(nats.port), str(redis.port)], cwd=ROOT)
        try:
            gate.start()
            wait_for(lambda: _served(gate.port))
            measure(gate, requests, clients)
        finally:
            worker.kill()
            for server in (gate, nats, redis):
                server.kill()


def _served(port: int) -> bool:
    with socket.create_connection((HOST, port), 20) as client:
        client.sendall(REQUEST)
        return read_all(client).startswith(b'{"status":0')


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        serve_as_worker(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main(*[int(number) for number in (sys.argv[1:] + ["20000", "64"][len(sys.argv) - 1:])])
