"""The system under test, started for the run: as users start it, or with a network of proxies around it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pymysql

from apps.client.gate import Address
from apps.local.ports import CHOICE, SPAN, Ports, free_port, is_free
from apps.local.processes import ROOT
from common.mysql_url import connection_options
from tests.faults.processes import Processes
from tests.faults.proxy import HOST, Proxy
from tests.support import backend_servers
from tests.support.local_system import LocalSystem

LEASE_SECONDS = "4"  # leftovers of a dead worker are taken over sooner than by default, so that a run is short
RESTARTS = ("--restart-delay=0.4", "--restart-reset=2")
VERIFY_SECONDS = 60.0
PEER_HOST = "127.0.0.2"
"""Where the proxies before services listen, on the services' own ports."""
PEERS = {"auth": "auth", "config": "config", "mail": "mail", "gate": "gate worker"}
"""Service -> role of the port at which other services look for it."""


@dataclass(frozen=True)
class Size:
    """How many processes of each kind run."""

    gates: int = 2
    workers: int = 3
    edges: int = 2
    auths: int = 2
    configs: int = 2
    mails: int = 2

    def arguments(self) -> list[str]:
        return [f"--{name}={count}" for name, count in vars(self).items()]


@dataclass
class Ground:
    """A running system as players see it, and its database."""

    gates: Sequence[Address]
    edges: Sequence[Address]
    database_url: str

    def waiting_mails(self) -> int:
        """Return how many deliveries are left in the outbox."""
        options = connection_options(self.database_url, 5, 10)
        with pymysql.connect(**options) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM outbox")
            row = cursor.fetchone()
        return int(row[0]) if row else 0

    def verify_ledger(self) -> list[str]:
        """Return what the ledger's own check says when it does not agree."""
        done = subprocess.run([sys.executable, "-m", "apps.worker.ledger", "verify"], cwd=ROOT, text=True, check=False,
                              env={**os.environ, "MYSQL_URL": self.database_url}, timeout=VERIFY_SECONDS,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return [] if done.returncode == 0 else [f"ledger: {line}" for line in done.stdout.splitlines()[-3:]]


@dataclass
class Stage(Ground):
    """A system whose processes can be broken."""

    redis_url: str
    nats_url: str
    processes: Processes
    proxies: dict[str, list[Proxy]] = field(default_factory=dict)
    """What lies in between -> proxies: nats, redis, mysql, auth, config, mail, clients, and gate, for workers."""


@contextmanager
def direct(folder: Path, size: Size) -> Iterator[Stage]:
    """The system with its own backends, which it starts again when they end."""
    system = LocalSystem(folder / "run", *size.arguments(), *RESTARTS)
    try:
        endpoints = system.start({"OUTBOX_LEASE_SECONDS": LEASE_SECONDS}).endpoints
        yield Stage(addresses(endpoints["gates"]), addresses(endpoints["edges"]), endpoints["mysql"],
                    endpoints["redis"], endpoints["nats"], Processes(system))
    finally:
        system.clean_up()


@contextmanager
def proxied(folder: Path, size: Size) -> Iterator[Stage]:
    """The system with a proxy before each backend, and one before each gate and edge."""
    with ExitStack() as stack:
        backends = {"nats": stack.enter_context(backend_servers.nats()),
                    "redis": stack.enter_context(backend_servers.redis()),
                    "mysql": stack.enter_context(backend_servers.database(backend_servers.mariadb_programs()))}
        proxies = {name: [_proxy(stack, backend.port)] for name, backend in backends.items()}
        urls = {f"{name.upper()}_URL": backend.url.replace(f":{backend.port}", f":{proxies[name][0].port}")
                for name, backend in backends.items()}
        base = free_span()
        for kind, role in PEERS.items():
            proxies[kind] = [_proxy(stack, port, (PEER_HOST, port))
                             for port in ports_of(base, role, getattr(size, f"{kind}s"))]
        system = LocalSystem(folder / "proxied", *size.arguments(), *RESTARTS, f"--peer-host={PEER_HOST}",
                             base_port=base)
        stack.callback(system.clean_up)
        endpoints = system.start({**urls, "OUTBOX_LEASE_SECONDS": LEASE_SECONDS}).endpoints
        gates, edges = ([_proxy(stack, address.port) for address in addresses(endpoints[kind])]
                        for kind in ("gates", "edges"))
        yield Stage([Address(HOST, one.port) for one in gates], [Address(HOST, one.port) for one in edges],
                    backends["mysql"].url, backends["redis"].url, backends["nats"].url, Processes(system),
                    {**proxies, "clients": [*gates, *edges]})


def free_span() -> int:
    """Return a first port from which on all ports that a local system may give are free."""
    while True:
        base = free_port()
        if base + SPAN <= CHOICE.stop and all(map(is_free, range(base, base + SPAN))):
            return base


def ports_of(base: int, role: str, count: int) -> list[int]:
    """Return the ports of all replicas."""
    ports = Ports(base)
    return [ports.give(role, replica) for replica in range(count)]


def _proxy(stack: ExitStack, port: int, at: tuple[str, int] = (HOST, 0)) -> Proxy:
    proxy = Proxy(port, at)
    proxy.start()
    stack.callback(proxy.stop)
    return proxy


def addresses(texts: Sequence[str]) -> list[Address]:
    """Return the addresses of endpoints.json."""
    return [Address.parse(text) for text in texts]
