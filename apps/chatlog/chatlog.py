"""Builds a chat log from its settings."""

import time
from datetime import UTC, datetime
from pathlib import Path

from apps.chatlog.entries import entry
from apps.chatlog.evidence import Evidence
from apps.chatlog.folder import Folder
from apps.chatlog.gaps import Gaps
from apps.chatlog.recorder import Pace, Recorder, Source
from apps.chatlog.report_entries import PREFIX
from apps.chatlog.settings import ChatlogSettings
from common.health import Health
from common.lifecycle import Process
from common.metrics import Counter, Gauge
from common.nats.chat_stream import chat_stream, log_stream, report_stream
from common.nats.client import Client
from common.nats.jetstream import JetStream
from common.ops import OpsServer
from common.watchdog import Watchdog

MESSAGES = Counter("chatlog_messages_total", "Messages that were written")
PENDING_MESSAGES = Gauge("chatlog_pending_messages", "Messages that are not yet in the log")
REPORTS = Counter("chatlog_reports_total", "Reports that were written")
PENDING_REPORTS = Gauge("chatlog_pending_reports", "Reports that are not yet in their files")


def build(settings: ChatlogSettings) -> Process:
    """Return the process of a chat log, ready to run."""
    health = Health(patience=settings.ready_patience)
    process = Process("chatlog", stop_seconds=settings.stop_seconds, drain=health.drain)
    nats = Client(settings.nats_url, name="chatlog", timeout=settings.nats_timeout, buffer_bytes=settings.nats_buffer)
    jetstream = JetStream(nats, settings.nats_timeout)
    chat, reports = _chat(settings, jetstream), _reports(settings, jetstream)
    health.add("nats", lambda: f"{nats.round_trip(1) * 1000:.1f} ms")
    health.add("log", chat.probe)
    health.add("reports", reports.probe)
    ops = OpsServer((settings.host, settings.ops_port), health)
    for part in (Watchdog(settings.blocked_seconds), nats, chat, reports, health, ops):
        process.add(part)
    return process


def _chat(settings: ChatlogSettings, jetstream: JetStream) -> Recorder:
    gaps = Gaps(jetstream, settings.chat_stream, settings.consumer)
    source = Source("the chat", log_stream(settings), settings.consumer, entry, MESSAGES, PENDING_MESSAGES,
                    feeds=[chat_stream(settings)], gaps=gaps)
    folder = Folder(Path(settings.log_dir), remember=4 * settings.batch)
    return Recorder(jetstream, source, folder, _pace(settings), keep_days=settings.keep_days, now=_now,
                    clock=time.monotonic)


def _reports(settings: ChatlogSettings, jetstream: JetStream) -> Recorder:
    stream = report_stream(settings, settings.chat_stream_replicas)
    evidence = Evidence(jetstream, settings.chat_stream, settings.report_wait_seconds)
    source = Source("reports", stream, settings.report_consumer, evidence.entry, REPORTS, PENDING_REPORTS)
    folder = Folder(Path(settings.log_dir), remember=4 * settings.batch, prefix=PREFIX)
    return Recorder(jetstream, source, folder, _pace(settings)._replace(age=settings.report_wait_seconds),
                    keep_days=settings.report_keep_days, now=_now, clock=time.monotonic)


def _pace(settings: ChatlogSettings) -> Pace:
    return Pace(settings.batch, settings.collect_seconds, settings.retry_seconds, settings.ack_seconds,
                settings.look_seconds)


def _now() -> datetime:
    return datetime.now(UTC)
