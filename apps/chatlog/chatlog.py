"""Builds a chat log from its settings."""

import time
from datetime import UTC, datetime
from pathlib import Path

from apps.chatlog.folder import Folder
from apps.chatlog.recorder import Pace, Recorder
from apps.chatlog.settings import ChatlogSettings
from common.health import Health
from common.lifecycle import Process
from common.nats.chat_stream import chat_stream
from common.nats.client import Client
from common.nats.jetstream import JetStream
from common.ops import OpsServer
from common.watchdog import Watchdog


def build(settings: ChatlogSettings) -> Process:
    """Return the process of a chat log, ready to run."""
    health = Health()
    process = Process("chatlog", stop_seconds=settings.stop_seconds, drain=health.drain)
    nats = Client(settings.nats_url, name="chatlog", timeout=settings.nats_timeout, buffer_bytes=settings.nats_buffer)
    pace = Pace(settings.batch, settings.collect_seconds, settings.retry_seconds, settings.ack_seconds)
    recorder = Recorder(
        JetStream(nats, settings.nats_timeout), chat_stream(settings), settings.consumer,
        Folder(Path(settings.log_dir), remember=4 * settings.batch), pace, keep_days=settings.keep_days,
        today=lambda: datetime.now(UTC).date(), clock=time.monotonic)
    health.add("nats", lambda: f"{nats.round_trip(1) * 1000:.1f} ms")
    health.add("log", recorder.probe)
    ops = OpsServer((settings.host, settings.ops_port), health)
    for part in (Watchdog(settings.blocked_seconds), nats, recorder, health, ops):
        process.add(part)
    return process
