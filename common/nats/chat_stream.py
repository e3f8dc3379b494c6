"""The streams that keep what is said and what players report, as all their users declare them."""

from common import subjects
from common.nats.jetstream import Stream
from common.process_settings import ChatReportSettings, ChatStreamSettings

HOUR = 3600
DAY = 24 * HOUR


def chat_stream(settings: ChatStreamSettings) -> Stream:
    """Return the stream of what is said, from which clients hear; each channel has its share of it."""
    return Stream(settings.chat_stream, (subjects.ALL_CHAT,), seconds=settings.chat_stream_hours * HOUR,
                  messages_of_subject=settings.chat_stream_channel, size=settings.chat_stream_bytes,
                  replicas=settings.chat_stream_replicas, copies=subjects.CHAT_COPIES)


def log_stream(settings: ChatStreamSettings) -> Stream:
    """Return the stream of the same for the chat log, of which no channel uses up another one's share.

    Make it before the stream of what is said, which sends it a copy of all that it stores.
    """
    return Stream(settings.chat_log_stream, (subjects.ALL_CHAT_COPIES,), seconds=settings.chat_log_stream_hours * HOUR,
                  size=settings.chat_log_stream_bytes, replicas=settings.chat_stream_replicas)


def report_stream(settings: ChatReportSettings, replicas: int) -> Stream:
    """Return the stream of what players report; of each report it has one message."""
    return Stream(settings.report_stream, (subjects.ALL_CHAT_REPORTS,), seconds=settings.report_stream_days * DAY,
                  size=settings.report_stream_bytes, replicas=replicas)
