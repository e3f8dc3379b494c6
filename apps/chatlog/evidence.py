"""Completes a report with what was said shortly after it was made."""

from apps.chatlog import report_entries
from apps.chatlog.entries import Entry
from apps.chatlog.report_entries import Wanted
from common import chat_messages
from common.nats.jetstream import JetStream
from common.nats.stored import NANOSECONDS, Stored

PAGE = 256
"""Messages that are looked through for those of one player."""


class Evidence:
    """Reads in the stream of the chat."""

    def __init__(self, jetstream: JetStream, stream: str, seconds: float) -> None:
        """What was said up to ``seconds`` after a report belongs to it."""
        self._jetstream = jetstream
        self._stream = stream
        self._nanoseconds = int(seconds * NANOSECONDS)

    def entry(self, report: Stored) -> Entry:
        """Return the entry of a report. Raises NATSError when the stream cannot be read."""
        wanted = report_entries.wanted(report)
        return report_entries.entry(report, self._later(wanted, report.time) if wanted else [])

    def _later(self, wanted: Wanted, time: int) -> list[Stored]:
        most = wanted.most if wanted.only_like is None else max(PAGE, wanted.most)
        found = self._jetstream.read(self._stream, wanted.subject, number=wanted.after + 1, most=most, times=True)
        return [message for message in found if message.time <= time + self._nanoseconds and (
            wanted.only_like is None or chat_messages.is_from_same(chat_messages.fields(message), wanted.only_like)
        )][:wanted.most]
