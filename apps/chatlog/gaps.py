"""Finds what was said and did not come into the stream of the chat log, but is still in that of the chat.

Copies of messages go from one to the other within NATS, at most once: one that is on its way while a server dies, or
while the stream of the log has no leader, does not arrive. Numbers tell that something is missing, times tell what:
they grow even where a stream was made anew and numbers do not.
"""

from collections.abc import Iterator, Sequence

from apps.chatlog.folder import Place
from common import subjects
from common.metrics import Counter
from common.nats.jetstream import JetStream
from common.nats.stored import Stored

FOUND = Counter("chatlog_found_total", "Messages that had not come into the stream of the log and were read elsewhere")

PAGE = 256
NOWHERE = Place(0, 0)


class Gaps:
    """Each call that waits for JetStream raises NATSError."""

    def __init__(self, jetstream: JetStream, chat: str, consumer: str) -> None:
        """``chat`` is the stream that has what is missing.

        A former version of the log read that one, and kept where it stood under the name ``consumer``.
        """
        self._jetstream = jetstream
        self._chat = chat
        self._consumer = consumer
        self._last: Place | None = None

    def begin(self, place: Place | None) -> None:
        """Go on from a place, or else from where the former version was. Waits."""
        if self._last is None:
            self._last = place or self._former()
        if place is not None:
            self._jetstream.remove_consumer(self._chat, self._consumer)

    def before(self, messages: Sequence[Stored]) -> Iterator[list[Stored]]:
        """Yield pages of what is missing before and between messages, which are in the order of their times. Waits."""
        last = self._last or NOWHERE
        for message in messages:
            if message.time <= last.time:
                continue  # it is given out again
            if message.number != last.number + 1:
                yield from self._between(last.time, message.time)
            last = Place(message.number, message.time)

    def after(self) -> Iterator[list[Stored]]:
        """Yield pages of what was said since the latest message that is on the disk. Waits."""
        return self._between((self._last or NOWHERE).time, None)

    def passed(self, message: Stored) -> bool:
        """Note that all up to a message is on the disk; return whether that is further than before."""
        if self._last is not None and message.time <= self._last.time:
            return False
        self._last = Place(message.number, message.time)
        return True

    def _between(self, begin: int, end: int | None) -> Iterator[list[Stored]]:
        page = self._jetstream.read_since(self._chat, subjects.ALL_CHAT, time=begin + 1, most=PAGE)
        while page:
            found = [message for message in page if end is None or message.time < end]
            if found:
                FOUND.inc(len(found))
                yield found
            if len(found) < len(page):
                return
            page = self._jetstream.read(self._chat, subjects.ALL_CHAT, number=page[-1].number + 1, most=PAGE,
                                        times=True)

    def _former(self) -> Place:
        number = self._jetstream.position(self._chat, self._consumer) or 0
        page = self._jetstream.read(self._chat, subjects.ALL_CHAT, number=number, most=1, times=True)
        if not page:
            return NOWHERE
        return Place(number, page[0].time if page[0].number == number else page[0].time - 1)
