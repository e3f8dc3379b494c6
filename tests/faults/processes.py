"""The processes of one local system: signals to them, their ports, what they hold. No other process is touched."""

import http.client
import os
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults.deaths import deaths as told_deaths
from tests.faults.deaths import unexpected
from tests.support.local_system import LocalSystem
from tests.support.process_tree import Found, descendants
from tests.support.waiting import wait_for

BACK_SECONDS = 30.0
READY_SECONDS = 2.0
LISTENING = "0A"  # a state in /proc/net/tcp
PAGE = os.sysconf("SC_PAGE_SIZE")


class Processes:
    """Finds processes by names such as ``gate-0``, through endpoints.json."""

    def __init__(self, system: LocalSystem) -> None:
        self.system = system
        self._asked: dict[int, int] = {}
        self._kills: dict[str, list[float]] = {}
        self._told = 0

    def names(self, kind: str = "") -> list[str]:
        """Return the names of all processes, or of those of one kind such as ``gate`` or ``redis``."""
        found = [str(process["name"]) for process in self.system.endpoints["processes"]]
        return [name for name in found if not kind or name.rpartition("-")[0] == kind or name == kind]

    def tree(self, name: str) -> list[int]:
        """Return the ids of a process and its children, the process first; empty when it is away."""
        pid = self.system.pid_of(name)
        mine = {found.pid for found in self.system.processes()}
        return [one for one in (pid, *(found.pid for found in descendants(pid))) if one in mine] if pid else []

    def send(self, name: str, number: int) -> int:
        """Send a signal to a process that has to be there; return its id."""
        pid = self.tree(name)[0]
        if number in (signal.SIGKILL, signal.SIGTERM):
            self._asked[pid] = number
        os.kill(pid, number)
        if number == signal.SIGKILL:
            self._kills.setdefault(name, []).append(time.monotonic())
        return pid

    def killed(self, name: str) -> list[float]:
        """Return when a process was killed, by the monotonic clock."""
        return self._kills.get(name, [])

    def kill_children(self, name: str) -> None:
        """Kill the children of a process, such as the workers of gunicorn."""
        for pid in self.tree(name)[1:]:
            os.kill(pid, signal.SIGKILL)

    def freeze(self, name: str) -> list[int]:
        """Stop a process and its children; return their ids for ``thaw``."""
        pids = self.tree(name)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        return pids

    def thaw(self, pids: list[int]) -> None:
        """Let frozen processes go on; those that ended are passed over."""
        mine = {found.pid for found in self.system.processes()}
        for pid in pids:
            if pid in mine:
                os.kill(pid, signal.SIGCONT)

    def restart(self, name: str, number: int) -> float:
        """End a process and wait until its successor is ready; return how long it took in seconds."""
        begun = time.monotonic()
        self.wait_back(name, self.send(name, number))
        return time.monotonic() - begun

    def wait_back(self, name: str, pid: int) -> None:
        """Wait until a process has a successor that is ready. Raises AssertionError."""
        wait_for(lambda: self.system.pid_of(name) not in (0, pid) and self._serves(name), BACK_SECONDS,
                 f"{name} to be back")

    def _serves(self, name: str) -> bool:
        """Whether a process says that it is ready; backends have no page for it. Its id is known before."""
        return all(is_ready(process["ops"]) for process in self.system.endpoints["processes"]
                   if process["name"] == name and process["ops"])

    def wait_ready(self) -> None:
        """Wait until all processes are there and ready. Raises AssertionError."""
        wait_for(lambda: not self.not_ready(), BACK_SECONDS, "all processes to be ready")

    def not_ready(self) -> list[str]:
        """Return the names of those that are away or say that they are not ready."""
        processes = self.system.endpoints["processes"]
        mine = {found.pid for found in self.system.processes()}
        return [str(process["name"]) for process in processes
                if process["pid"] not in mine or (process["ops"] and not is_ready(process["ops"]))]

    def surprises(self) -> list[str]:
        """Describe the deaths since the latest call that nobody asked for."""
        output = self.system.output
        found = unexpected(told_deaths(output[self._told:]), self._asked)
        self._told = output.rfind("\n") + 1
        return found

    def all(self) -> set[Found]:
        """Return everything that runs, children included."""
        return self.system.processes()

    def ports(self, name: str) -> list[int]:
        """Return all ports on which a process or its children listen."""
        inodes = {inode for pid in self.tree(name) for inode in sockets(pid)}
        table = Path("/proc/net/tcp").read_text().splitlines()[1:]
        rows = (row.split() for row in table)
        return sorted({int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == LISTENING and row[9] in inodes})


def is_ready(url: str) -> bool:
    """Whether a process says that it is ready."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=READY_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def sockets(pid: int) -> list[str]:
    """Return the inodes of the sockets that a process holds; none when it has ended."""
    found = []
    try:
        for entry in (Path("/proc") / str(pid) / "fd").iterdir():
            target = str(entry.readlink())
            if target.startswith("socket:["):
                found.append(target[8:-1])
    except OSError:
        return found
    return found


def memory(pid: int) -> int:
    """Return the bytes of memory that a process holds; 0 when it has ended."""
    try:
        return int((Path("/proc") / str(pid) / "statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0
