"""Options of the gate."""

from dataclasses import dataclass

from common.options import option
from common.process_settings import NatsSettings, OpsSettings, ProcessSettings, RedisSettings, TlsSettings


@dataclass(frozen=True, kw_only=True)
class GateSettings(TlsSettings, RedisSettings, NatsSettings, OpsSettings, ProcessSettings):
    """The gate: takes requests of game clients, hands them to any worker and gives each client its answer."""

    client_port: int = option(8880, "TCP port for game clients", least=0)
    backlog: int = option(2048, "Client connections that may wait to be accepted", least=1)
    line_limit: int = option(65_536, "Largest request line, in bytes", least=1)
    line_seconds: float = option(10.0, "Seconds for a TLS handshake, and for a whole request line", least=0.1)
    keep_alive_seconds: float = option(30.0, "Seconds for the next request on a kept connection to arrive", least=0.1)
    answer_seconds: float = option(12.0, "Seconds that a request may wait for its answer", least=0.1)
    send_seconds: float = option(10.0, "Seconds in which a client has to take its answer", least=0.1)
    close_seconds: float = option(0.5, "Seconds that a connection stays open after the last byte was sent, so that a "
                                  "client that still sends does not lose the answer", least=0)
    retry_after: float = option(1.0, "Seconds that a refused client is told to wait", least=0)
    max_connections: int = option(10_000, "Client connections at once", least=1)
    max_connections_per_address: int = option(
        500, "Client connections at once from one address; 0: no limit, for a proxy that hides addresses", least=0)
    address_rate: float = option(300.0, "Requests a second from one address, which all players behind it share; 0: no "
                                 "limit, for a proxy that hides addresses", least=0)
    address_burst: int = option(600, "Requests that one address may send at once before its rate counts", least=1)
    address_share: float = option(0.5, "Part of the requests that may wait at once that one address may have; 1: all, "
                                  "as with --address-rate 0", least=0.01)
    tls_refusals: float = option(50.0, "Clients a second that are told over TLS that there is no room; that takes a "
                                 "handshake, so all others are closed without a word; 0: none is told", least=0)
    tls_refusals_at_once: int = option(50, "Clients at once that are told so over TLS", least=1)
    tls_refusal_seconds: float = option(2.0, "Seconds in which such a client has to finish its handshake and take the "
                                        "answer", least=0.1)
    lag_seconds: float = option(0.1, "Seconds that the event loop may be late before new connections are turned away",
                                least=0.01)
    wait_seconds: float = option(0.1, "Seconds that a new request may be expected to wait, by what is answered a "
                                 "second, before new connections are turned away", least=0.01)
    max_pending: int = option(512, "Requests that may wait for an answer at once, however fast they are answered",
                              least=1)

    worker_port: int = option(8201, "TCP port for the answers of workers", least=0)
    advertise_host: str = option("", "Address by which workers reach this gate; found by itself when not given")
    answer_limit: int = option(1024 * 1024, "Largest answer of a worker, in bytes", least=1)
    max_worker_connections: int = option(1_000, "Connections of workers at once", least=1)
    jobs_subject: str = option("jobs", "NATS subject that the workers listen on")
    registration_interval: float = option(0.5, "Seconds between two renewals of the gate's entry in Redis", least=0.05)

    drain_seconds: float = option(0.0, "Seconds to go on accepting after SIGTERM; part of --stop-seconds", least=0)
    access_log: bool = option(False, "Write a log line for each request")
