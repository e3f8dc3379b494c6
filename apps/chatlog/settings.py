"""Options of the chat log."""

from dataclasses import dataclass

from common.options import option
from common.process_settings import (
    ChatReportSettings,
    ChatStreamSettings,
    NatsSettings,
    OpsSettings,
    ProcessSettings,
)


@dataclass(frozen=True, kw_only=True)
class WritingSettings:
    """Where and how the log is written."""

    log_dir: str = option("chat-log", "Folder of the log: DIR/WORLD/YYYY-MM-DD.jsonl.gz, dates in UTC")
    keep_days: int = option(0, "Days after which a file of the log is removed; 0: never", least=0)
    batch: int = option(1000, "Messages that are written and synced at once", least=1)
    collect_seconds: float = option(1.0, "Seconds that messages are collected for before they are written", least=0)
    ack_seconds: float = option(30.0, "Seconds after which a message that was not written is given out again", least=1)
    retry_seconds: float = option(1.0, "Seconds to wait after NATS or the disk failed", least=0.05)
    look_seconds: float = option(
        5.0, "Seconds between two looks for messages that did not arrive, lost streams and old files", least=0.05)
    consumer: str = option("chat-log", "Name of the durable consumer: where the log stands is kept under it")


@dataclass(frozen=True, kw_only=True)
class ReportWritingSettings:
    """How reports of messages are written: to DIR/WORLD/reports-YYYY-MM-DD.jsonl.gz."""

    report_keep_days: int = option(365, "Days after which a file of reports is removed; 0: never", least=0)
    report_wait_seconds: float = option(
        10.0, "Seconds that a report waits for what is said after it, before it is written", least=0)
    report_consumer: str = option("chat-reports", "Name of the durable consumer of the reports")


@dataclass(frozen=True, kw_only=True)
class ChatlogSettings(WritingSettings, ReportWritingSettings, ChatStreamSettings, ChatReportSettings, NatsSettings,
                      OpsSettings, ProcessSettings):
    """Writes all chat to files, through JetStream, so that a restart leaves no hole."""
