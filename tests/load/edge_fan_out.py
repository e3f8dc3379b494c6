"""Measure an edge by hand: ``python -m gevent.monkey --module tests.load.edge_fan_out --clients 200 --rate 1200``.

Starts NATS, an edge and client processes on this machine; prints joins a second, memory, deliveries a second, the CPU
time of the edge for each delivery, and latencies. ``--rate 0`` measures idle clients.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.support.edge import ROOT, Edge, EdgeSystem

CLIENTS_PROGRAM = Path(__file__).with_name("edge_clients.py")


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


class Crowd:
    """A process full of clients."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._process = subprocess.Popen([sys.executable, CLIENTS_PROGRAM], cwd=ROOT, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE)
        self._write(json.dumps(order))

    def wait_joined(self) -> None:
        assert self._line() == "joined"

    def talk(self) -> None:
        self._write("talk")

    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._line())
        self._process.communicate()
        return found

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().decode().strip()


def crowds(system: EdgeSystem, edge: Edge, wanted: argparse.Namespace) -> list[Crowd]:
    nonces = [system.auth.nonce(f"client{number}", f"s{number % wanted.worlds}") for number in range(wanted.clients)]
    return [Crowd({"port": edge.port, "nonces": nonces[part::wanted.processes], "rate": wanted.rate / wanted.processes,
                   "size": wanted.size, "seconds": wanted.seconds, "joins": wanted.joins})
            for part in range(wanted.processes)]


def measure(system: EdgeSystem, wanted: argparse.Namespace) -> None:
    edge = system.edge("--messages-per-second=100000", "--message-burst=100000", "--max-connections-per-address=0",
                       "--register-seconds=60", *wanted.edge)
    process = edge.process.pid
    empty, joining_cpu = resident_megabytes(process), cpu_seconds(process)
    parts = crowds(system, edge, wanted)
    for part in parts:
        part.wait_joined()
    joining_cpu = cpu_seconds(process) - joining_cpu
    full, talking_cpu = resident_megabytes(process), cpu_seconds(process)
    begun = time.monotonic()
    for part in parts:
        part.talk()
    results = [part.result() for part in parts]
    talking_cpu = cpu_seconds(process) - talking_cpu
    report(wanted, results, joining_cpu, talking_cpu, time.monotonic() - begun)
    print(f"memory: {empty:.0f} MB empty, {full:.0f} MB with all, {resident_megabytes(process):.0f} MB in the end")


def report(wanted: argparse.Namespace, results: list[dict[str, Any]], joining: float, talking: float,
           seconds: float) -> None:
    slowest = max(result["join_seconds"] for result in results)
    print(f"joins: {wanted.clients / slowest:.0f}/s, {joining / wanted.clients * 1e6:.0f} us of CPU each")
    deliveries = sum(result["deliveries"] for result in results)
    latencies = sorted(latency for result in results for latency in result["latencies"])
    print(f"edge: {talking / seconds:.0%} of a core; clients: {sum(result['cpu'] for result in results):.1f} s of CPU")
    if deliveries and latencies:
        expected = int(wanted.rate * wanted.seconds) * wanted.clients // wanted.worlds
        print(f"deliveries: {deliveries} of {expected}, {deliveries / wanted.seconds:.0f}/s, "
              f"{talking / deliveries * 1e6:.2f} us of CPU each ({deliveries / talking:.0f}/s a core)")
        print(", ".join(f"p{share}: {latencies[len(latencies) * share // 100]:.1f} ms" for share in (50, 90, 99)))
    print(f"clients lost: {sum(result['lost'] for result in results)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--worlds", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1200, help="messages a second of all clients together")
    parser.add_argument("--size", type=int, default=60, help="bytes of a text")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--joins", type=int, default=50, help="clients of a process that join at once")
    parser.add_argument("edge", nargs="*", help="further options of the edge, after --")
    system = EdgeSystem()
    try:
        system.start()
        measure(system, parser.parse_args())
    finally:
        system.stop()


if __name__ == "__main__":
    main()
