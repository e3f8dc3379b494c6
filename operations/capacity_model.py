"""How much of everything a number of players needs.

The costs are CPU times that were measured for one request, one delivery or one flush; docs/capacity.md says how. The
formulas are linear in them: what is asked here is how many cores, not how long a queue gets. So half of every core is
left free.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from operations.capacity_settings import MAIL, PARTS, READ, WRITE, CapacitySettings

MILLI, MICRO = 1e-3, 1e-6
KEPT_SECONDS = 10
"""Seconds for which Redis knows which gate waits for a request."""


@dataclass(frozen=True)
class Need:
    """What a number of players needs. ``cores`` is what is used, by part; ``processes`` is what to start."""

    players: int
    requests: float
    deliveries: float
    cores: Mapping[str, float]
    processes: Mapping[str, int]
    edge_megabytes: float
    redis_megabytes: float
    groups: Mapping[str, int]
    """How many servers of each kind that cannot be multiplied within one installation; the largest one counts."""

    @property
    def installations(self) -> int:
        """Into how many groups of worlds the game has to be split."""
        return max(self.groups.values())


@dataclass(frozen=True)
class Chat:
    """What is said, a second: messages of each kind, and how many players hear one."""

    public: float
    public_listeners: int
    family: float
    family_listeners: int

    @property
    def deliveries(self) -> float:
        return self.public * self.public_listeners + self.family * self.family_listeners

    def on(self, edges: int) -> float:
        """Return the messages that NATS brings to all edges together: each goes to every edge with a listener."""
        return self.public * min(edges, self.public_listeners) + self.family * min(edges, self.family_listeners)


def need(players: int, settings: CapacitySettings) -> Need:
    """Return what ``players`` online need."""
    requests = players * settings.requests
    cores = {part: requests * _milliseconds(part, settings) * MILLI for part in PARTS}
    chat = _chat(players, settings)
    edges = _edges(players, chat, settings)
    cores["edge"] = _edge_cores(players, edges, chat, settings)
    cores["nats"] += chat.on(edges) * settings.nats_message_us * MICRO
    megabytes = (players * settings.accounts * settings.account_bytes
                 + requests * KEPT_SECONDS * settings.waiting_bytes) * MICRO
    groups = _groups(cores, megabytes, settings)
    workers = _processes(cores["worker"], settings)
    cores["auth"] = _auth_cores(players, workers, max(groups.values()), settings)
    cores["config"] = workers / settings.config_seconds * settings.config_ms * MILLI
    processes = {part: _processes(cores[part], settings) for part in ("gate", "worker", "mail", "auth", "config")}
    client_kilobytes = settings.client_tls_kilobytes if settings.tls else settings.client_kilobytes
    return Need(players, requests, chat.deliveries, cores, processes | {"edge": edges},
                players * client_kilobytes / 1000, megabytes, groups)


def _processes(cores: float, settings: CapacitySettings) -> int:
    return max(2, ceil(cores / settings.used))


def _milliseconds(part: str, settings: CapacitySettings) -> float:
    """Return the CPU of an average request in one part."""
    reads = 1 - settings.writes - settings.mails
    cost = reads * READ[part] + settings.writes * WRITE[part] + settings.mails * MAIL[part]
    handshake = settings.handshake_ms / settings.requests_per_connection if settings.tls else 0
    return cost + (handshake if part == "gate" else 0)


def _chat(players: int, settings: CapacitySettings) -> Chat:
    worlds, families = ceil(players / settings.world_players), ceil(players / settings.family_players)
    return Chat(public=worlds * settings.public_messages, public_listeners=min(players, settings.world_players),
                family=families * settings.family_messages, family_listeners=min(players, settings.family_players))


def _edge_cores(players: int, edges: int, chat: Chat, settings: CapacitySettings) -> float:
    """Return the cores of all edges: for clients in silence, for flushes to them, and for what is in these."""
    pause = settings.flush_milliseconds * MILLI
    flushes = sum(heard / (1 + heard * pause) for heard in (settings.public_messages, settings.family_messages))
    flush = settings.flush_tls_us if settings.tls else settings.flush_us
    return MICRO * (players * (settings.silence_us + flushes * flush) + chat.deliveries * settings.delivery_us
                    + chat.on(edges) * settings.edge_message_us)


def _edges(players: int, chat: Chat, settings: CapacitySettings) -> int:
    """Return how many edges are needed. More of them mean more messages, so the number is looked for."""
    edges = max(2, ceil(players / settings.edge_clients))
    while edges < players:
        wanted = ceil(_edge_cores(players, edges, chat, settings) / settings.used)
        if wanted <= edges:
            break
        edges = min(wanted, players)
    return edges


def _auth_cores(players: int, workers: int, groups: int, settings: CapacitySettings) -> float:
    """Return the cores of auth: for sessions, for tokens that a worker meets first, and for those that it forgot."""
    sessions = players * settings.sessions / 3600
    requests = players * settings.requests
    first = sessions * min(ceil(workers / groups), requests / sessions if sessions else 0)
    forgotten = requests * max(0, 1 - settings.token_cache / (players / groups))
    validations = min(requests, first + forgotten)
    return MILLI * (sessions * settings.session_ms + validations * settings.validation_ms)


def _groups(cores: Mapping[str, float], redis_megabytes: float, settings: CapacitySettings) -> dict[str, int]:
    shares = {"mysql": cores["mysql"] / (settings.mysql_cores * settings.used),
              "nats": cores["nats"] / (settings.nats_cores * settings.used),
              "redis": max(cores["redis"] / (settings.redis_cores * settings.used),
                           redis_megabytes / (settings.redis_megabytes * settings.used))}
    return {part: max(1, ceil(share)) for part, share in shares.items()}
