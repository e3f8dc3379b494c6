"""The chat under load: how much one message to a room costs, how many may join a second, what idle clients weigh."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from apps.local.processes import ROOT
from tests.load import players
from tests.load.results import Row
from tests.load.system import MeasuredSystem
from tests.load.usage import cpu_seconds, machine_seconds, resident_megabytes
from tests.support.certificates import write_self_signed

CLIENTS_PROGRAM = Path(__file__).with_name("edge_clients.py")
TEXT_BYTES = 60
PROCESSES = 2
JOINING_AT_ONCE = 64
MICRO = 1e6


@dataclass(frozen=True)
class Edge:
    """An edge to be measured. ``authority`` is the file with its certificate, empty without TLS."""

    pid: int
    port: int
    authority: str = ""


def plain(system: MeasuredSystem) -> Edge:
    """Return the edge of the system."""
    return Edge(system.processes["edge-0"], system.edge[1])


@contextmanager
def encrypted(system: MeasuredSystem) -> Iterator[Edge]:
    """One more edge, which speaks TLS."""
    with TemporaryDirectory() as folder:
        certificate, key = write_self_signed(Path(folder))
        with system.another("edge-tls", "edge-0", tls_cert=certificate, tls_key=key) as ports:
            yield Edge(system.processes["edge-tls"], ports["client_port"], str(certificate))


class Crowd:
    """A process full of chat clients."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._process = subprocess.Popen([sys.executable, CLIENTS_PROGRAM], cwd=ROOT, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.write(json.dumps(order))

    def write(self, line: str) -> None:
        """Send the order, or the sign to talk."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def line(self) -> str:
        """Return its next line."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def kill(self) -> None:
        """End it, and all its sessions."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def joined(system: MeasuredSystem, edge: Edge, clients: int, rate: float, seconds: float) -> Iterator[list[Crowd]]:
    """Let clients join one room; they are to send ``rate`` messages a second together when they are told to talk."""
    nonces = players.nonces(system.endpoints["auth"], clients)
    orders = [{"port": edge.port, "authority": edge.authority, "nonces": nonces[part::PROCESSES],
               "rate": rate / PROCESSES, "size": TEXT_BYTES, "seconds": seconds, "joins": JOINING_AT_ONCE}
              for part in range(PROCESSES)]
    with ExitStack() as stack:
        crowds = []
        for order in orders:
            crowds.append(Crowd(order))
            stack.callback(crowds[-1].kill)
        for crowd in crowds:
            assert crowd.line() == "joined"
        yield crowds


def fan_out(system: MeasuredSystem, clients: int, rate: float, seconds: float) -> Row:
    """Let ``clients`` talk in one room, ``rate`` messages a second of all together."""
    edge = plain(system)
    with joined(system, edge, clients, rate, seconds) as crowds:
        used = cpu_seconds(edge.pid)
        results, noise = _talk_watched(system, crowds)
        used, memory = cpu_seconds(edge.pid) - used, resident_megabytes(edge.pid)
    row = _row(f"chat: {clients} clients in a room, {rate:g} messages/s", results, used, seconds, memory)
    return replace(row, noise=noise)


def quiet(system: MeasuredSystem, edge: Edge, clients: int, seconds: float) -> Row:
    """Let one of ``clients`` in a room say something each second, so that each message is a flush of its own.

    What the clients cost in silence is measured just before, for as long, and told apart from what a flush costs.
    """
    empty = resident_megabytes(edge.pid)
    with joined(system, edge, clients, 1, seconds) as crowds:
        full, silent = resident_megabytes(edge.pid), cpu_seconds(edge.pid)
        sleep(seconds + 1)  # as long as talking takes
        used = cpu_seconds(edge.pid)
        silent = used - silent
        results, noise = _talk_watched(system, crowds)
        used = cpu_seconds(edge.pid) - used
    row = _row(f"chat: {clients} clients in a quiet room, a message a second{', TLS' if edge.authority else ''}",
               results, used, seconds, full)
    row.noise = noise
    row.more |= {"us a client and second of silence": silent / clients / (seconds + 1) * MICRO,
                 "us a client and flush": (used - silent) / (row.per_second * seconds) * MICRO,
                 "KiB a client": (full - empty) / clients * 1024}
    return row


def quiet_tls(system: MeasuredSystem, clients: int, seconds: float) -> Row:
    """The same over TLS."""
    with encrypted(system) as edge:
        return quiet(system, edge, clients, seconds)


def idle(system: MeasuredSystem, clients: int) -> Row:
    """Let many clients join and stay silent."""
    edge = plain(system)
    empty, used = resident_megabytes(edge.pid), cpu_seconds(edge.pid)
    with joined(system, edge, clients, 0, 1) as crowds:
        full, joining = resident_megabytes(edge.pid), cpu_seconds(edge.pid) - used
        results = _talk(crowds)
        seconds = max(result["join_seconds"] for result in results)
    return Row(title=f"chat: {clients} clients join and stay idle", per_second=clients / seconds,
               cpu={"edge": joining / clients * 1000}, memory={"edge": full},
               more={"edge MiB without clients": empty, "KiB a client": (full - empty) / clients * 1024,
                     "lost": sum(result["lost"] for result in results)})


def _talk(crowds: Sequence[Crowd]) -> list[dict[str, Any]]:
    for crowd in crowds:
        crowd.write("talk")
    return [json.loads(crowd.line()) for crowd in crowds]


def _talk_watched(system: MeasuredSystem, crowds: Sequence[Crowd]) -> tuple[list[dict[str, Any]], float]:
    """Let them talk; return their figures and the cores that were busy with something else meanwhile."""
    usage, begun = system.usage(), monotonic()
    servers, machine = sum(usage.cpu_seconds().values()), machine_seconds()
    results = _talk(crowds)
    known = sum(usage.cpu_seconds().values()) - servers + sum(result["cpu"] for result in results)
    return results, max(0.0, machine_seconds() - machine - known) / (monotonic() - begun)


def _row(title: str, results: Sequence[dict[str, Any]], used: float, seconds: float, memory: float) -> Row:
    deliveries = max(1, sum(result["deliveries"] for result in results))
    latencies = sorted(latency for result in results for latency in result["latencies"]) or [0.0]

    def percentile(share: int) -> float:
        return float(latencies[min(len(latencies) - 1, len(latencies) * share // 100)])

    return Row(
        title=title, per_second=deliveries / seconds, p50=percentile(50), p95=percentile(95), p99=percentile(99),
        largest=latencies[-1], cpu={"edge": used / deliveries * 1000}, memory={"edge": memory},
        client_cpu=sum(result["cpu"] for result in results) / deliveries * 1000,
        client_busy=max(result["cpu"] for result in results) / (seconds + 1),  # they read for a second more
        more={"deliveries a core": deliveries / used if used else 0.0,
              "lost": sum(result["lost"] for result in results)})
