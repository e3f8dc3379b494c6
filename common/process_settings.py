"""Options that every process has, and groups of options that several have."""

from dataclasses import dataclass

from common.logs import FORMATS, LEVELS
from common.options import option, secret


@dataclass(frozen=True, kw_only=True)
class ProcessSettings:
    """Options of every process."""

    host: str = option("127.0.0.1", "Address that the process listens on; 0.0.0.0 in a container")
    log_level: str = option("info", "Least level of log lines", choices=LEVELS)
    log_format: str = option("json", "json: a JSON object a line; text: for people", choices=FORMATS)
    blocked_seconds: float = option(0.1, "Seconds after which a function that holds the event loop is named in the log",
                                    least=0.01)
    ready_patience: float = option(0.0, "Seconds for which a dependency that was there may be away before the process "
                                        "is not ready", least=0)
    stop_seconds: float = option(25.0, "Seconds that a stop may take before it is cut off", least=0)


@dataclass(frozen=True, kw_only=True)
class OpsSettings:
    """Where a process without an HTTP service of its own shows its state."""

    ops_port: int = option(0, "HTTP port of /livez, /readyz and /metrics; 0 takes any free one", least=0)


@dataclass(frozen=True, kw_only=True)
class NatsSettings:
    """How to reach NATS."""

    nats_url: tuple[str, ...] = option(("nats://127.0.0.1:4222",), "NATS servers, separated by commas")
    nats_timeout: float = option(2.0, "Seconds for connecting to a NATS server and for its answers", least=0.1)
    nats_buffer: int = option(8 * 1024 * 1024, "Bytes that may wait to be written to NATS", least=1024)


@dataclass(frozen=True, kw_only=True)
class ChatStreamSettings:
    """What JetStream keeps of the chat. All processes that use it need the same values."""

    chat_stream: str = option("CHAT", "Name of the stream that keeps what is said")
    chat_stream_hours: float = option(168.0, "Hours for which the stream keeps a message", least=0.1)
    chat_stream_bytes: int = option(1024**3, "Largest size of the stream, in bytes", least=1024**2)
    chat_stream_channel: int = option(10_000, "Messages that the stream keeps of each channel", least=1)
    chat_log_stream: str = option("CHAT_LOG", "Name of the stream that the chat log reads, which gets all that is said")
    chat_log_stream_hours: float = option(
        72.0, "Hours for which that stream keeps a message: the longest time that the chat log may be away", least=0.1)
    chat_log_stream_bytes: int = option(1024**3, "Largest size of that stream, in bytes", least=1024**2)
    chat_stream_repeat_hours: float = option(
        24.0, "Hours for which an announcement that is delivered twice is recognised", least=0.1)
    chat_stream_replicas: int = option(1, "NATS servers that each keep a copy of the streams", least=1)


@dataclass(frozen=True, kw_only=True)
class ChatReportSettings:
    """What JetStream keeps of reported messages until they are in files. All processes need the same values."""

    report_stream: str = option("CHAT_REPORTS", "Name of the stream that keeps what players report")
    report_stream_days: float = option(
        30.0, "Days for which the stream keeps a report, and knows that it is no new one", least=0.01)
    report_stream_bytes: int = option(256 * 1024**2, "Largest size of the stream of reports, in bytes",
                                      least=1024**2)


@dataclass(frozen=True, kw_only=True)
class ChatMuteSettings:
    """How long mutes are remembered. All processes need the same value."""

    mute_days: float = option(366.0, "Days for which the last word about a mute is remembered; no mute lasts longer",
                              least=0.01)


@dataclass(frozen=True, kw_only=True)
class NameSettings:
    """Where edges ask workers who has a game name. All processes need the same value."""

    names_subject: str = option("names", "NATS subject on which edges ask, and workers tell, who has a game name")


@dataclass(frozen=True, kw_only=True)
class RedisSettings:
    """How to reach Redis."""

    redis_url: str = option("redis://127.0.0.1:6379/0", "Redis server (redis://, rediss:// or unix://)")
    redis_password: str = secret("Password of Redis, where it is not part of the URL")
    redis_timeout: float = option(1.5, "Seconds for connecting to Redis and for its answers, a change of the primary "
                                        "included", least=0.05)
    redis_queue: int = option(10_000, "Commands that may wait for Redis at once", least=1)


@dataclass(frozen=True, kw_only=True)
class HttpClientSettings:
    """How to call the HTTP services."""

    service_timeout: float = option(2.0, "Seconds that a call of an HTTP service may take in all", least=0.05)
    service_connections: int = option(64, "Connections to one address of an HTTP service", least=1)
    service_patience: float = option(0.5, "Seconds without an answer to anybody after which an HTTP service counts as "
                                     "mute", least=0.05)
    service_tries: int = option(4, "Calls that may wait for a mute HTTP service; the others fail at once", least=1)


@dataclass(frozen=True, kw_only=True)
class TlsSettings:
    """TLS towards clients; both files or neither."""

    tls_cert: str = option("", "File with the certificate chain (PEM); TLS is on when it is given")
    tls_key: str = option("", "File with the private key (PEM)")
