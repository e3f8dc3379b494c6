"""Which of our processes is connected to which, as the system sees it."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import gevent

from tests.manifests.support.container import Container
from tests.manifests.support.policies import Connection
from tests.support.process_tree import living

INTERVAL = 0.03
ESTABLISHED = "01"  # a state in /proc/net/tcp
Place = tuple[str, int]


class Watch:
    """Looks again and again, because some connections are short, and remembers what it saw."""

    def __init__(self, places: Mapping[Place, str]) -> None:
        """``places`` are the addresses and ports that are listened on, and whose they are."""
        self.containers: list[Container] = []
        self.seen: set[Connection] = set()
        self._places = places
        self._loop = gevent.spawn(self._run)

    def stop(self) -> set[Connection]:
        """Look for the last time and return all connections that were seen."""
        self._loop.kill()
        self._look()
        return self.seen

    def _run(self) -> None:
        while True:
            self._look()
            gevent.sleep(INTERVAL)

    def _look(self) -> None:
        peers = peers_of_sockets()
        parents = {found.pid: found.parent for found in living()}
        for container in list(self.containers):
            for inode in sockets_of(family(container.pid, parents)):
                place = peers.get(inode)
                if place and place in self._places:
                    self.seen.add((container.pod.app, self._places[place], place[1]))


def family(pid: int, parents: Mapping[int, int]) -> list[int]:
    """Return a process and its children, such as gunicorn's workers; nothing when it does not run."""
    return [number for number, parent in parents.items() if pid in (number, parent)]


def sockets_of(pids: Iterable[int]) -> Iterable[str]:
    """Yield the sockets of processes."""
    for number in pids:
        try:
            for link in Path(f"/proc/{number}/fd").iterdir():
                target = str(link.readlink())
                if target.startswith("socket:"):
                    yield target[len("socket:["):-1]
        except OSError:
            continue  # it has ended, or the file was closed meanwhile


def peers_of_sockets() -> dict[str, Place]:
    """Return the other end of each TCP connection of this machine."""
    peers = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == ESTABLISHED:
            peers[fields[9]] = place_of(fields[2])
    return peers


def place_of(text: str) -> Place:
    """Read ``0100007F:1F90``, an address in the byte order of the machine."""
    address, _, port = text.partition(":")
    return ".".join(str(byte) for byte in bytes.fromhex(address)[::-1]), int(port, 16)
