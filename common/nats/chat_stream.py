"""The stream that keeps what is said, as all its users declare it."""

from common import subjects
from common.nats.jetstream import Stream
from common.process_settings import ChatStreamSettings

HOUR = 3600


def chat_stream(settings: ChatStreamSettings) -> Stream:
    """Return the stream of these settings."""
    return Stream(settings.chat_stream, (subjects.ALL_CHAT,), seconds=settings.chat_stream_hours * HOUR,
                  messages_of_subject=settings.chat_stream_channel, size=settings.chat_stream_bytes,
                  replicas=settings.chat_stream_replicas)
