"""Which process listens where, and who holds a port that is not free.

=============  ==============  =================  ===============
what           usual port      usual, replica i   --base-port N
=============  ==============  =================  ===============
nats           14222                              N
redis          16379                              N + 1
mysql          13306                              N + 2
config         8000            20000 + i          N + 20 + i
auth           8001            20020 + i          N + 40 + i
mail           8020            20040 + i          N + 60 + i
gate           8880            20060 + i          N + 80 + i
gate worker    8201            20080 + i          N + 100 + i
edge           9000            20100 + i          N + 120 + i
gate ops       18100           18100 + i          N + 140 + i
edge ops       18120           18120 + i          N + 160 + i
worker ops     18140           18140 + i          N + 180 + i
chatlog ops    18160           18160 + i          N + 200 + i
=============  ==============  =================  ===============

Replicas are counted from 0; only those from 1 on need a port of the second column.
"""

import errno
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

HOST = "127.0.0.1"
STANDARD = -1
ANY = 0
MOST_REPLICAS = 20
SPAN = 220

SHOWN = 100
LISTENING = "0A"  # a state in /proc/net/tcp
CHOICE = range(10_000, 32_000)  # below the ports that the system gives to outgoing connections


class PortError(Exception):
    """The ports that were asked for cannot be had."""


@dataclass(frozen=True)
class Role:
    """A kind of port: the usual one, the usual ones of replicas, and the offset from a base port."""

    first: int
    more: int
    offset: int


ROLES = {
    "nats": Role(14222, 14222, 0),
    "redis": Role(16379, 16379, 1),
    "mysql": Role(13306, 13306, 2),
    "config": Role(8000, 20000, 20),
    "auth": Role(8001, 20020, 40),
    "mail": Role(8020, 20040, 60),
    "gate": Role(8880, 20060, 80),
    "gate worker": Role(8201, 20080, 100),
    "edge": Role(9000, 20100, 120),
    "gate ops": Role(18100, 18100, 140),
    "edge ops": Role(18120, 18120, 160),
    "worker ops": Role(18140, 18140, 180),
    "chatlog ops": Role(18160, 18160, 200),
}


class Ports:
    """Gives ports to processes and remembers them."""

    def __init__(self, base: int) -> None:
        """``base`` is a first port, STANDARD or ANY. Raises PortError when the ports would pass 65535."""
        if base > 65536 - SPAN:
            raise PortError(f"--base-port {base} leaves no room for {SPAN} ports: the most is {65536 - SPAN}")
        self._base = base
        self.given: dict[str, int] = {}

    def give(self, role: str, replica: int = 0) -> int:
        """Return the port of a replica of ``role`` (a name in ROLES)."""
        if replica >= MOST_REPLICAS:
            raise PortError(f"at most {MOST_REPLICAS} processes of a kind run on one machine")
        port = self._port(ROLES[role], replica)
        self.given[f"{role} {replica}"] = port
        return port

    def _port(self, role: Role, replica: int) -> int:
        if self._base == ANY:
            return free_port(set(self.given.values()))
        if self._base == STANDARD:
            return role.more + replica if replica else role.first
        return self._base + role.offset + replica


def free_port(taken: set[int] | None = None) -> int:
    """Return a port of this machine that nobody listens on and that is not in ``taken``."""
    choose = random.SystemRandom().choice
    for _ in range(1000):
        port = choose(CHOICE)
        if port not in (taken or ()) and is_free(port):
            return port
    raise PortError(f"no free port between {CHOICE.start} and {CHOICE.stop}")


def is_free(port: int) -> bool:
    """Whether a server can listen on ``port``. Raises PortError when that is not allowed at all."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise PortError(f"port {port} cannot be used: {error.strerror}") from error
    return True


def require_free(ports: Mapping[str, int]) -> None:
    """Raise PortError that names each port in use and its owner."""
    busy = [f"port {port} ({what}) is in use by {owner(port)}" for what, port in ports.items() if not is_free(port)]
    if busy:
        raise PortError("\n".join([*busy, "stop what uses it, or choose other ports with --base-port"]))


def owner(port: int) -> str:
    """Return who listens on ``port`` as ``process 12: its command``; other users' processes may stay unknown."""
    inodes = _listening_inodes(port)
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _holds(process, inodes):
            return f"process {process.name}: {shorten(command(int(process.name)), SHOWN, placeholder=' ...')}"
    return "a process that this user may not see"


def command(pid: int) -> str:
    """Return the command line of a process, or its name when it has none, or "gone"."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
        return words or Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "gone"


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    return inodes


def _holds(process: Path, inodes: set[str]) -> bool:
    try:
        return any(str(link.readlink()) in inodes for link in (process / "fd").iterdir())
    except OSError:
        return False  # it has ended, or belongs to somebody else
