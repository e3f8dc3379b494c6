"""Builds an edge from its settings: which part gets what, in the order in which they start."""

import logging
import random
import secrets
import socket
import time
from pathlib import Path

from apps.edge import gathering
from apps.edge.addressees import Addressees
from apps.edge.admission import Admission
from apps.edge.backlog import Backlog
from apps.edge.chat_server import ChatServer
from apps.edge.control import Control
from apps.edge.exchange import Exchange
from apps.edge.fan_out import FanOut, Pace, Receiver
from apps.edge.feed import Feed
from apps.edge.history import History
from apps.edge.house import House, Rules
from apps.edge.membership import Change, RecentChanges, Renaming
from apps.edge.moderator import FilterMode, Moderator
from apps.edge.mutes import Mutes
from apps.edge.outbound import SendLimits
from apps.edge.presence import Presence
from apps.edge.recall import Recall
from apps.edge.relay import Relay
from apps.edge.reports import Reports
from apps.edge.rooms import Rooms
from apps.edge.roster import Roster
from apps.edge.session import Session
from apps.edge.settings import EdgeSettings, FanOutSettings
from apps.edge.talk import Talk
from common import tls
from common.health import Health
from common.http_client import JsonClient
from common.lifecycle import Process
from common.nats.chat_stream import change_stream, chat_stream, log_stream, mute_stream, report_stream
from common.nats.client import Client
from common.nats.errors import NATSError
from common.nats.jetstream import JetStream
from common.ops import OpsServer
from common.token_bucket import Rates
from common.watchdog import Watchdog
from common.word_lists import WordLists

log = logging.getLogger(__name__)


def build(settings: EdgeSettings) -> Process:
    """Return the process of an edge, ready to run."""
    health = Health(patience=settings.ready_patience)
    process = Process("edge", stop_seconds=settings.stop_seconds, drain=health.drain)

    def reconnected() -> None:
        recall.wake()
        feed.wake()
        presence.wake()

    nats = Client(settings.nats_url, name="edge", timeout=settings.nats_timeout, buffer_bytes=settings.nats_buffer,
                  on_reconnect=reconnected)
    auth = JsonClient("auth", settings.auth_url, timeout=settings.auth_timeout, connections=settings.auth_connections)
    rooms: Rooms[Receiver] = Rooms()
    fan_out = _fan_out(settings, rooms, process)
    mutes, addressees = Mutes(settings.mutes_remembered, time.time), _addressees(settings, nats)
    lists = WordLists(Path(settings.words), seconds=settings.words_seconds, limit=settings.words_limit)
    moderator = _moderator(settings, mutes, lists)
    relay = Relay(nats, rooms, fan_out.add, moderator.overheard, name=secrets.token_hex(8))
    jetstream = JetStream(nats, settings.nats_timeout)
    history = History(jetstream, chat_stream(settings), settings.history_limit)
    feed = Feed(relay, history, process.spawn)
    moves: RecentChanges[Change] = RecentChanges(settings.players_remembered, settings.change_seconds, time.monotonic)
    names: RecentChanges[Renaming] = RecentChanges(settings.players_remembered, settings.change_seconds, time.monotonic)
    roster, presence = Roster(moves, names, settings.player_sessions), _presence(settings, nats, moves, names, process)

    def renamed(renaming: Renaming) -> None:
        presence.renamed(renaming)
        addressees.renamed(renaming)

    control = Control(nats, roster, mutes, presence.moved, renamed)
    recall = _recall(settings, jetstream, control, process)
    admission = Admission(auth, batch=settings.nonce_batch, requests=settings.auth_connections)
    talk = Talk(relay, moderator, addressees)
    house = House(admission, relay, feed, roster, talk, presence, _reports(settings, jetstream, history))
    server = _chat_server(settings, nats, house, fan_out)
    health.add("nats", lambda: _probe_nats(nats))
    health.add("auth", auth.probe)
    watchdog, ops = Watchdog(settings.blocked_seconds), OpsServer((settings.host, settings.ops_port), health)
    if settings.filter_mode != FilterMode.OFF.value:
        process.add(lists)
    for part in (watchdog, nats, auth, health, ops, control, recall, presence, fan_out, server):
        process.add(part)
    return process


def _recall(settings: EdgeSettings, jetstream: JetStream, control: Control, process: Process) -> Recall:
    replicas = settings.chat_stream_replicas
    streams = [change_stream(settings.change_seconds, replicas), mute_stream(settings, replicas)]
    others = [log_stream(settings), chat_stream(settings), report_stream(settings, replicas)]
    return Recall(jetstream, streams, control, others=others, wait=settings.nats_timeout,
                  retry=settings.recall_seconds, look=settings.stream_seconds, spawn=process.spawn)


def _addressees(settings: EdgeSettings, nats: Client) -> Addressees:
    return Addressees(nats, settings.names_subject, seconds=settings.name_seconds, tries=settings.name_tries,
                      most=settings.name_questions, memory=settings.name_memory_seconds,
                      size=settings.names_remembered, clock=time.monotonic)


def _presence(settings: EdgeSettings, nats: Client, moves: RecentChanges[Change], names: RecentChanges[Renaming],
              process: Process) -> Presence:
    pace = gathering.Pace(settings.presence_pause_seconds, settings.presence_ghost_seconds)
    return Presence(Exchange(nats, secrets.token_hex(8)), moves, names, limit=settings.presence_limit, pace=pace,
                    spawn=process.spawn, clock=time.monotonic, random=random.random)


def _reports(settings: EdgeSettings, jetstream: JetStream, history: History) -> Reports:
    rates = Rates(settings.reports_per_hour / 3600, settings.report_burst, settings.players_remembered, time.monotonic)
    return Reports(jetstream, history, rates, before=settings.report_before, after=settings.report_after)


def _moderator(settings: EdgeSettings, mutes: Mutes, lists: WordLists) -> Moderator:
    rates = Rates(settings.messages_per_second, settings.message_burst, settings.players_remembered, time.monotonic)
    return Moderator(mutes, rates, lists, FilterMode(settings.filter_mode))


def _fan_out(settings: FanOutSettings, rooms: Rooms[Receiver], process: Process) -> FanOut:
    pace = Pace(settings.flush_milliseconds / 1000, settings.flush_limit_milliseconds / 1000)
    return FanOut(rooms.members, pace=pace, room_bytes=settings.room_queue_bytes, spawn=process.spawn)


def _chat_server(settings: EdgeSettings, nats: Client, house: House, fan_out: FanOut) -> ChatServer:
    rules = _rules(settings)

    def begin(peer: socket.socket) -> Session:
        return Session(peer, rules, house)

    def settle() -> None:
        try:
            nats.round_trip()  # NATS answers in order: what this edge published is back before the answer
        except NATSError as error:
            log.warning("NATS does not answer at the stop", extra={"detail": str(error)})
        fan_out.flush()

    return ChatServer(settings, tls.server_context(settings.tls_cert, settings.tls_key), begin, settle)


def _rules(settings: EdgeSettings) -> Rules:
    return Rules(
        register_seconds=settings.register_seconds,
        idle_seconds=settings.idle_seconds,
        close_seconds=settings.close_seconds,
        message_limit=settings.message_limit,
        messages_per_second=settings.messages_per_second,
        message_burst=settings.message_burst,
        sending=SendLimits(settings.send_queue_bytes, settings.send_seconds, Backlog(settings.send_total_bytes)),
    )


def _probe_nats(nats: Client) -> str:
    nats.round_trip()
    return "answers"
