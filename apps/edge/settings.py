"""Options of an edge."""

from dataclasses import dataclass

from common.options import option
from common.process_settings import (
    ChatMuteSettings,
    ChatReportSettings,
    ChatStreamSettings,
    NameSettings,
    NatsSettings,
    OpsSettings,
    ProcessSettings,
    TlsSettings,
)


@dataclass(frozen=True, kw_only=True)
class ListenSettings:
    """Which clients an edge takes, and how their sockets are set up."""

    client_port: int = option(9000, "TCP port for chat clients; 0 takes any free one", least=0)
    backlog: int = option(4096, "Connections that may wait to be accepted", least=1)
    max_connections: int = option(20_000, "Clients at once; further ones are closed at once", least=1)
    max_connections_per_address: int = option(
        1000, "Clients at once from one IP address; 0: no limit, for a balancer that hides the addresses", least=0)
    player_sessions: int = option(
        8, "Sessions of one player at once; the oldest is closed for a further one", least=1)
    keepalive_seconds: int = option(60, "Seconds of silence before TCP asks whether a client is still there", least=1)
    dead_peer_seconds: int = option(30, "Seconds without a TCP acknowledgement before a client counts as gone", least=1)
    socket_send_bytes: int = option(65_536, "Size of a client's send buffer in the kernel, in bytes", least=4096)


@dataclass(frozen=True, kw_only=True)
class TalkSettings:
    """What a client may do."""

    register_seconds: float = option(10.0, "Seconds until a new client must be registered", least=0.1)
    idle_seconds: float = option(3600.0, "Seconds that a client may send nothing before it is closed", least=1)
    message_limit: int = option(512, "Largest text of a message, in bytes", least=1)
    messages_per_second: float = option(
        10.0, "Messages a second of one client, of one player in a channel over all edges, and of one player in all "
        "private channels over this edge; more are dropped, ten times as many of one client close it", least=0.1)
    message_burst: int = option(20, "Messages of one client that may come at once", least=1)
    history_limit: int = option(
        200, "Messages of a channel that a client with the extension gets at once when it joins", least=1)
    close_seconds: float = option(2.0, "Seconds that a client has to take its last bytes before a close", least=0.1)


@dataclass(frozen=True, kw_only=True)
class FanOutSettings:
    """How messages go out to many clients."""

    flush_milliseconds: float = option(2.0, "Shortest pause between two flushes of collected messages", least=0)
    flush_limit_milliseconds: float = option(
        8.0, "Longest such pause; it grows with the work, so that flushing leaves time for the rest", least=0)
    room_queue_bytes: int = option(131_072, "Bytes that a room collects between two flushes; more are dropped", least=1)
    send_queue_bytes: int = option(262_144, "Bytes that may wait for one client; more cut it off", least=1)
    send_total_bytes: int = option(
        256 * 1024**2, "Bytes that may wait for all clients together; more cut off those with the most", least=1)
    send_seconds: float = option(10.0, "Seconds without progress before a client that does not read is cut off",
                                 least=0.1)


@dataclass(frozen=True, kw_only=True)
class AdmissionSettings:
    """How nonces are redeemed."""

    auth_url: tuple[str, ...] = option(("http://127.0.0.1:8001",), "Auth services, separated by commas")
    auth_timeout: float = option(3.0, "Seconds for an answer of auth", least=0.1)
    auth_connections: int = option(4, "Requests to auth at once", least=1)
    nonce_batch: int = option(64, "Nonces that one request to auth may carry", least=1)


@dataclass(frozen=True, kw_only=True)
class ModerationSettings:
    """Who may say what."""

    filter_mode: str = option("mask", "What happens to a message with an unwanted word: its words become *, it is not "
                              "sent, or nothing", choices=("mask", "refuse", "off"))
    words: str = option("conf/chat/words", "Folder of the unwanted words: *.txt, a word a line, # for comments")
    words_seconds: float = option(5.0, "Seconds between two looks for changed word lists", least=0.05)
    words_limit: int = option(16 * 1024 * 1024, "Largest size of all word lists together, in bytes", least=1)
    players_remembered: int = option(
        100_000, "Players whose rates, and changes of family and of name, are remembered", least=1)
    change_seconds: float = option(
        150.0, "Seconds for which a change of family or of name is remembered; longer than a nonce lives", least=1)
    recall_seconds: float = option(
        30.0, "Seconds between two tries to read from JetStream what was told to edges before", least=0.1)
    stream_seconds: float = option(
        10.0, "Seconds between two looks whether the streams are there; lost ones are made anew", least=0.1)
    mutes_remembered: int = option(100_000, "Muted players and channels that are remembered", least=1)


@dataclass(frozen=True, kw_only=True)
class AddresseeSettings(NameSettings):
    """How the edge finds who is meant by a private message."""

    name_seconds: float = option(0.5, "Seconds for which one worker is asked who has a game name", least=0.05)
    name_tries: int = option(2, "Workers that are asked, one after the other, until one answers", least=1)
    name_questions: int = option(64, "Names that are asked for at once; who speaks to further ones is told that it is "
                                 "unavailable", least=1)
    name_memory_seconds: float = option(5.0, "Seconds for which an answer about a name is remembered", least=0)
    names_remembered: int = option(10_000, "Names that are remembered", least=1)


@dataclass(frozen=True, kw_only=True)
class PresenceSettings:
    """Who of a family is online, for clients with the extension. All edges need the same values."""

    presence_ghost_seconds: float = option(
        30.0, "Seconds after which an edge that is not heard counts as dead, and its players as gone", least=0.5)
    presence_pause_seconds: float = option(
        0.5, "Seconds for which comings and goings of a family are collected before they are told", least=0.05)
    presence_limit: int = option(200, "Players of a family that an edge tells at most", least=1)


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """Reports of messages, for clients with the extension."""

    reports_per_hour: float = option(20.0, "Reports an hour of one player on this edge; 0: no limit", least=0)
    report_burst: int = option(5, "Reports of one player that may come at once", least=1)
    report_before: int = option(20, "Messages before a reported one that are kept with it", least=0)
    report_after: int = option(10, "Messages after a reported one that are kept with it", least=0)


@dataclass(frozen=True, kw_only=True)
class EdgeSettings(ListenSettings, TalkSettings, FanOutSettings, AdmissionSettings, ModerationSettings,
                   AddresseeSettings, PresenceSettings, ReportSettings, ChatMuteSettings, ChatReportSettings,
                   ChatStreamSettings, TlsSettings, NatsSettings, OpsSettings, ProcessSettings):
    """The chat server: sessions of chat clients, joined over NATS."""
