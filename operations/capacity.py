"""``python -m operations.capacity --help``: how much of everything a number of players needs.

The costs are CPU times that were measured for one request or one delivery; docs/capacity.md says how. The formulas are
linear in them: what is asked here is how many cores, not how long a queue gets. So half of every core is left free.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from common import options
from common.options import option

MILLI, MICRO = 1e-3, 1e-6
PARTS = ("gate", "worker", "mysql", "nats", "redis", "mail")
READ = {"gate": 0.27, "worker": 0.40, "mysql": 0.15, "nats": 0.04, "redis": 0.04, "mail": 0.0}
WRITE = {"gate": 0.27, "worker": 0.60, "mysql": 0.45, "nats": 0.04, "redis": 0.04, "mail": 0.0}
MAIL = {"gate": 0.27, "worker": 0.75, "mysql": 0.50, "nats": 0.04, "redis": 0.04, "mail": 0.90}
"""Milliseconds of CPU of one request: 0.9, 1.4 and 2.5 in all."""


@dataclass(frozen=True, kw_only=True)
class LoadSettings:
    """What players do."""

    players: tuple[str, ...] = option(("1000", "10000", "100000", "1000000"), "Numbers of players online")
    requests: float = option(0.1, "Requests a second of one player", least=0)
    writes: float = option(0.3, "Share of the requests that write", least=0)
    mails: float = option(0.02, "Share of the requests that send or list mail", least=0)
    requests_per_connection: float = option(10.0, "Requests that a client sends on one connection", least=1)
    world_players: int = option(5000, "Players online in one world, who hear its public chat", least=1)
    public_messages: float = option(1.0, "Public messages a second in one world", least=0)
    family_players: int = option(20, "Members of a family online, who hear its chat", least=1)
    family_messages: float = option(0.05, "Messages a second in one family", least=0)


@dataclass(frozen=True, kw_only=True)
class CostSettings:
    """What things cost, measured on one core of the machine at hand."""

    handshake_ms: float = option(0.4, "CPU of a gate for one TLS handshake, in milliseconds; 0 without TLS", least=0)
    delivery_us: float = option(1.3, "CPU of an edge for one message to one client, in microseconds", least=0)
    edge_message_us: float = option(30.0, "CPU of an edge for one message that comes from NATS, in microseconds",
                                    least=0)
    nats_message_us: float = option(1.5, "CPU of NATS for one message to one edge, in microseconds", least=0)
    client_kilobytes: float = option(15.0, "Memory of an edge for one client, in kilobytes", least=0)


@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """What one process or one server is loaded with at most."""

    used: float = option(0.5, "Share of a core that is planned to be used", least=0.01)
    edge_clients: int = option(10_000, "Clients of one edge", least=1)
    mysql_cores: float = option(16.0, "Cores of the largest MySQL server", least=1)
    nats_cores: float = option(8.0, "Cores of a NATS server; the other two of the cluster are the reserve", least=1)
    redis_cores: float = option(1.0, "Cores that Redis uses: it runs commands in one thread", least=0.1)


@dataclass(frozen=True, kw_only=True)
class CapacitySettings(LoadSettings, CostSettings, LimitSettings):
    """Print how many processes and servers numbers of players need."""


@dataclass(frozen=True)
class Need:
    """What a number of players needs. ``cores`` is what is used, by part; ``processes`` is what to start."""

    players: int
    requests: float
    deliveries: float
    cores: Mapping[str, float]
    processes: Mapping[str, int]
    edge_megabytes: float
    groups: Mapping[str, int]
    """How many servers of each kind that cannot be multiplied within one installation; the largest one counts."""

    @property
    def installations(self) -> int:
        """Into how many groups of worlds the game has to be split."""
        return max(self.groups.values())


def need(players: int, settings: CapacitySettings) -> Need:
    """Return what ``players`` online need."""
    requests = players * settings.requests
    cores = {part: requests * _milliseconds(part, settings) * MILLI for part in PARTS}
    worlds, families = ceil(players / settings.world_players), ceil(players / settings.family_players)
    heard = min(players, settings.world_players)
    deliveries = worlds * settings.public_messages * heard + families * settings.family_messages * min(
        players, settings.family_players)
    edges, messages = _edges(players, worlds, families, deliveries, settings)
    cores["edge"] = deliveries * settings.delivery_us * MICRO + messages * settings.edge_message_us * MICRO
    cores["nats"] += messages * settings.nats_message_us * MICRO
    processes = {part: max(2, ceil(cores[part] / settings.used)) for part in ("gate", "worker", "mail")}
    return Need(players, requests, deliveries, cores, processes | {"edge": edges},
                players * settings.client_kilobytes / 1000, _groups(cores, settings))


def table(needs: Sequence[Need]) -> str:
    """Return a table in Markdown with a column for each number of players."""
    rows: list[tuple[str, list[str]]] = [
        ("players online", [f"{need.players:,}" for need in needs]),
        ("requests a second", [f"{need.requests:,.0f}" for need in needs]),
        ("chat deliveries a second", [f"{need.deliveries:,.0f}" for need in needs]),
    ]
    for part in ("gate", "worker", "edge", "mail"):
        cells = [f"{need.processes[part]:,} ({need.cores[part]:.1f})" for need in needs]
        rows.append((f"{part} processes (cores used)", cells))
    rows += [("memory of edges for clients, MB", [f"{need.edge_megabytes:,.0f}" for need in needs])]
    rows += [(f"{part}: cores used; servers", [f"{need.cores[part]:.1f}; {need.groups[part]}" for need in needs])
             for part in ("mysql", "redis", "nats")]
    rows += [("groups of worlds", [f"{need.installations}" for need in needs])]
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in rows]
    return "\n".join([lines[0], f"|---|{'---:|' * len(needs)}", *lines[1:]]) + "\n"


def _milliseconds(part: str, settings: CapacitySettings) -> float:
    """Return the CPU of an average request in one part."""
    reads = 1 - settings.writes - settings.mails
    cost = reads * READ[part] + settings.writes * WRITE[part] + settings.mails * MAIL[part]
    return cost + (settings.handshake_ms / settings.requests_per_connection if part == "gate" else 0)


def _edges(players: int, worlds: int, families: int, deliveries: float,
           settings: CapacitySettings) -> tuple[int, float]:
    """Return how many edges are needed, and the messages a second that NATS brings to all of them together.

    A message goes to each edge that has a listener, so more edges mean more messages: the number is looked for.
    """
    edges = max(2, ceil(players / settings.edge_clients))
    while True:
        messages = (worlds * settings.public_messages * min(edges, settings.world_players)
                    + families * settings.family_messages * min(edges, settings.family_players))
        cores = deliveries * settings.delivery_us * MICRO + messages * settings.edge_message_us * MICRO
        wanted = ceil(cores / settings.used)
        if wanted <= edges or edges >= players:
            return edges, messages
        edges = min(wanted, players)


def _groups(cores: Mapping[str, float], settings: CapacitySettings) -> dict[str, int]:
    most = {"mysql": settings.mysql_cores, "redis": settings.redis_cores, "nats": settings.nats_cores}
    return {part: max(1, ceil(cores[part] / (limit * settings.used))) for part, limit in most.items()}


def _checked(settings: CapacitySettings) -> list[int]:
    """Return the numbers of players. Raises ValueError when the inputs make no sense."""
    if settings.writes + settings.mails > 1:
        raise ValueError("--writes and --mails are more than all requests")
    players = [int(text) for text in settings.players]
    if min(players, default=0) < 1:
        raise ValueError("--players are numbers from 1 on")
    return players


def main() -> int:
    """Print the table; return the exit code."""
    settings = options.parse(CapacitySettings, "operations.capacity", sys.argv[1:], os.environ)  # noqa: TID251  # a program
    try:
        players = _checked(settings)
    except ValueError as error:
        sys.stderr.write(f"operations.capacity: error: {error}\n")
        return 2
    sys.stdout.write(table([need(number, settings) for number in players]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
