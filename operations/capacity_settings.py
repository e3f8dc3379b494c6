"""Inputs of the capacity model: what players do, what it costs, and what one process or server is loaded with."""

from dataclasses import dataclass

from common.options import option

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
    sessions: float = option(2.0, "Sessions that a player begins in an hour, each with a login and a join of the chat",
                             least=0)
    accounts: float = option(10.0, "Accounts whose token is not over, as a multiple of the players online", least=1)
    requests_per_connection: float = option(10.0, "Requests that a client sends on one connection", least=1)
    world_players: int = option(5000, "Players online in one world, who hear its public chat", least=1)
    public_messages: float = option(1.0, "Public messages a second in one world", least=0)
    family_players: int = option(20, "Members of a family online, who hear its chat", least=1)
    family_messages: float = option(0.05, "Messages a second in one family", least=0)


@dataclass(frozen=True, kw_only=True)
class CostSettings:
    """What things cost, measured on one core of the machine at hand."""

    tls: bool = option(True, "Clients come over TLS")
    handshake_ms: float = option(0.4, "CPU of a gate for one TLS handshake, in milliseconds", least=0)
    silence_us: float = option(10.0, "CPU of an edge for a second of one client, whatever is said, in microseconds",
                               least=0)
    flush_us: float = option(20.0, "CPU of an edge to send one client what a room collected, in microseconds", least=0)
    flush_tls_us: float = option(100.0, "The same over TLS", least=0)
    delivery_us: float = option(1.3, "CPU of an edge for each message in it, in microseconds", least=0)
    edge_message_us: float = option(30.0, "CPU of an edge for one message that comes from NATS, in microseconds",
                                    least=0)
    nats_message_us: float = option(1.5, "CPU of NATS for one message to one edge, in microseconds", least=0)
    client_kilobytes: float = option(15.0, "Memory of an edge for one client, in kilobytes", least=0)
    client_tls_kilobytes: float = option(30.0, "The same over TLS", least=0)
    session_ms: float = option(4.0, "CPU of auth for the token and the chat ticket of a session, in milliseconds",
                               least=0)
    validation_ms: float = option(1.3, "CPU of auth for one token that a worker does not know, in ms", least=0)
    config_ms: float = option(1.0, "CPU of config for the question of one worker whether there is new game data, in "
                                   "milliseconds", least=0)
    account_bytes: int = option(300, "Memory of Redis for the two live tokens of an account, in bytes", least=0)
    waiting_bytes: int = option(120, "Memory of Redis for one request, kept for ten seconds, in bytes", least=0)


@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """What one process or one server is loaded with at most."""

    used: float = option(0.5, "Share of a core that is planned to be used", least=0.01)
    edge_clients: int = option(10_000, "Clients of one edge", least=1)
    flush_milliseconds: float = option(8.0, "Longest pause of an edge between two flushes", least=0)
    token_cache: int = option(150_000, "Tokens that a worker remembers (--token-cache of workers)", least=1)
    config_seconds: float = option(2.0, "Seconds between two questions of a worker to config", least=0.1)
    mysql_cores: float = option(16.0, "Cores of the largest MySQL server", least=1)
    nats_cores: float = option(8.0, "Cores of a NATS server; the other two of the cluster are the reserve", least=1)
    redis_cores: float = option(1.0, "Cores that Redis uses: it runs commands in one thread", least=0.1)
    redis_megabytes: float = option(1500.0, "Memory of one Redis (maxmemory)", least=1)


@dataclass(frozen=True, kw_only=True)
class CapacitySettings(LoadSettings, CostSettings, LimitSettings):
    """Print how many processes and servers numbers of players need."""
