"""The floors of the same run on the same machine: what the building blocks cost without what is built from them."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

from apps.local.processes import ROOT
from tests.load import database, phase
from tests.load.part import Part
from tests.load.phase import Load, Span
from tests.load.results import Row
from tests.load.system import MeasuredSystem
from tests.load.usage import Usage

PATCHED = ["-m", "gevent.monkey", "--module"]
TITLES = {
    "line": "floor: accept, read a line, answer, close", "nats": "floor: NATS request and reply",
    "redis": "floor: Redis GET", "select": "floor: SELECT of 20 rows", "transaction": "floor: transaction",
}
BACKENDS = {"nats": "nats", "redis": "redis", "select": "mysql", "transaction": "mysql"}
"""Floor -> the server that does the work."""
REDIS_COMMANDS = 3
"""Of a request: the gate's note of who waits, the worker's look for it, and for the live token."""

_READ = {"line": 1.0, "nats": 1.0, "redis": REDIS_COMMANDS, "select": 1.0}
_WRITE = {"line": 1.0, "nats": 1.0, "redis": REDIS_COMMANDS, "transaction": 1.0}
_MIX = {name: 0.8 * _READ.get(name, 0.0) + 0.2 * _WRITE.get(name, 0.0) for name in TITLES}
_MAILS = {name: share for name, share in _READ.items() if name != "select"}
_KEPT = {name: share for name, share in _READ.items() if name != "line"}
MADE_OF: dict[str, Mapping[str, float]] = {
    "reads": _READ, "half_peak": _READ, "workers": _READ, "players": _READ, "mix": _MIX, "kept": _KEPT,
    "mails": _MAILS, "mail": _WRITE, "friends": _READ, "family": _READ, "keep_alive": _KEPT, "tls": _KEPT,
}
"""First word or words of a measurement's name -> which floors lie below it, and how often."""


def floor_below(name: str, rows: Mapping[str, Row]) -> float | None:
    """Return the CPU milliseconds of the floors that lie below a measurement; None where that is not known."""
    parts = next((parts for start, parts in MADE_OF.items() if name.startswith(start)), None)
    if parts is None or any(f"floor_{floor}" not in rows for floor in parts):
        return None
    return sum(rows[f"floor_{floor}"].cpu_in_all * times for floor, times in parts.items())


class Floors:
    """Measures floors on the servers of a running system."""

    def __init__(self, system: MeasuredSystem, span: Span, clients: int, line: str) -> None:
        """``line`` is what the clients of the bare line server send."""
        self._system = system
        self._span = span
        self._clients = clients
        self._line = line

    def prepare(self) -> None:
        """Make the tables of the transaction."""
        with closing(database.connect(self._system.endpoints["mysql"])) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bench_row (id INT PRIMARY KEY, value BIGINT NOT NULL) ENGINE=InnoDB")
            cursor.execute("CREATE TABLE bench_log (id BIGINT AUTO_INCREMENT PRIMARY KEY, row_id INT NOT NULL, "
                           "amount INT NOT NULL) ENGINE=InnoDB")
            cursor.executemany("INSERT INTO bench_row VALUES (%s, 0)", [(number,) for number in range(1000)])
            connection.commit()

    def phases(self) -> dict[str, Callable[[], Row]]:
        """Return a measurement for each floor, by its name."""
        return {"floor_line": self.line, "floor_nats": self.nats,
                **{f"floor_{kind}": lambda kind=kind: self._bare(kind, {})  # type: ignore[misc]
                   for kind in ("redis", "select", "transaction")}}

    def line(self) -> Row:
        """Measure a server that answers lines and does nothing else."""
        with _helper([*PATCHED, "tests.load.line_server"]) as (process, port):
            load = Load([("127.0.0.1", int(port))], [self._line], clients=self._clients)
            return phase.measure(TITLES["line"], load, Usage({"other": process.pid}), self._span)

    def nats(self) -> Row:
        """Measure a request over NATS to a process that answers at once."""
        url = self._system.endpoints["nats"]
        with _helper([*PATCHED, "tests.load.bare", "answer", url]) as (process, _):
            return self._bare("nats", {"other-answer": process.pid})

    def _bare(self, kind: str, more: Mapping[str, int]) -> Row:
        backend = BACKENDS[kind]
        order = {"kind": kind, "url": self._system.endpoints[backend], "greenlets": self._clients}
        part = Part([*PATCHED, "tests.load.bare"], order)
        usage = Usage({backend: self._system.processes[backend], "other": part.pid, **more})
        return phase.watch(TITLES[kind], [part], usage, self._span)


@contextmanager
def _helper(arguments: list[str]) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run a process that serves until its input ends; yields it and the line that it printed when it was ready."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()
