"""The streams that keep what is said and reported, and what edges have to know, as all their users declare them."""

from common import subjects
from common.nats.jetstream import Stream
from common.process_settings import ChatMuteSettings, ChatReportSettings, ChatStreamSettings

MUTES = "CHAT_MUTES"
HOUR = 3600
DAY = 24 * HOUR


def chat_stream(settings: ChatStreamSettings) -> Stream:
    """Return the stream of what is said, from which clients hear; each channel has its share of it."""
    return Stream(settings.chat_stream, (subjects.ALL_CHAT,), seconds=settings.chat_stream_hours * HOUR,
                  messages_of_subject=settings.chat_stream_channel, size=settings.chat_stream_bytes,
                  replicas=settings.chat_stream_replicas, copies=subjects.CHAT_COPIES,
                  window=settings.chat_stream_repeat_hours * HOUR)


def log_stream(settings: ChatStreamSettings) -> Stream:
    """Return the stream of the same for the chat log, of which no channel uses up another one's share.

    Make it before the stream of what is said, which sends it a copy of all that it stores.
    """
    return Stream(settings.chat_log_stream, (subjects.ALL_CHAT_COPIES,), seconds=settings.chat_log_stream_hours * HOUR,
                  size=settings.chat_log_stream_bytes, replicas=settings.chat_stream_replicas)


def change_stream(change_seconds: float, replicas: int) -> Stream:
    """Return the stream of changes of players, which edges remember for so many seconds; kept for twice as long."""
    return Stream("CHAT_FAMILIES", (subjects.ALL_CHAT_CHANGES,), seconds=2 * change_seconds, replicas=replicas)


def mute_stream(settings: ChatMuteSettings, replicas: int) -> Stream:
    """Return the stream of the last word about each mute."""
    return Stream(MUTES, (subjects.ALL_CHAT_MUTES,), seconds=settings.mute_days * DAY, messages_of_subject=1,
                  replicas=replicas)


def report_stream(settings: ChatReportSettings, replicas: int) -> Stream:
    """Return the stream of what players report; of each report it has one message."""
    return Stream(settings.report_stream, (subjects.ALL_CHAT_REPORTS,), seconds=settings.report_stream_days * DAY,
                  size=settings.report_stream_bytes, replicas=replicas)
