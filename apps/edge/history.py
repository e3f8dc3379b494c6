"""Reads what was said before from the stream of the chat."""

from collections.abc import Sequence
from typing import NamedTuple

from common import subjects
from common.nats.jetstream import JetStream, Stream
from common.nats.stored import Stored

PAGE = 256
NO_CHANNEL = "chat.none"  # the state of a stream comes without its channels
FIRST_SPAN, GROWTH = 256, 8


class Past(NamedTuple):
    """Messages in order, and whether some that were asked for are no longer there."""

    messages: list[Stored]
    has_gap: bool


class Surroundings(NamedTuple):
    """A message, and those of the same channel around it, in order and with their times."""

    before: list[Stored]
    message: Stored
    after: list[Stored]


class History:
    """Of all channels. Each call waits for JetStream and raises NATSError."""

    def __init__(self, jetstream: JetStream, stream: Stream, limit: int) -> None:
        """At most ``limit`` messages are given at once."""
        self._jetstream = jetstream
        self._stream = stream
        self.limit = limit

    def after(self, subject: str, number: int) -> list[Stored]:
        """Return the next messages of a channel after a number; none when there are no more."""
        return self._jetstream.read(self._stream.name, subject, number=number + 1, most=PAGE, times=True)

    def top(self) -> int:
        """Return the last number of the stream."""
        return int(self._jetstream.state(self._stream.name, NO_CHANNEL)["last_seq"])

    def last(self, subject: str) -> tuple[list[Stored], int]:
        """Return up to ``limit`` last messages of a channel, and the last number of the stream."""
        top = int(self._jetstream.state(self._stream.name, subject)["last_seq"])
        span = FIRST_SPAN
        while True:  # numbers belong to all channels, so look back further and further until there are enough
            begin = max(0, top - span)
            found = self._all_after(subject, begin)
            if len(found) >= self.limit or not begin:
                return found[-self.limit:], max(top, found[-1].number if found else 0)
            span *= GROWTH

    def goes_on(self, subject: str, position: int, latest: Stored | None) -> bool:
        """Whether the stream is still the one that was read up to ``position``.

        It is not when NATS has lost it, or the end of it: then numbers are given a second time. ``latest`` is the last
        message of the channel.
        """
        if self.top() < position:
            return False
        if latest is None:
            return True
        found = self._jetstream.read(self._stream.name, subject, number=latest.number, most=1)
        return not found or found[0].number != latest.number or found[0].payload == latest.payload

    def common(self, subject: str, messages: Sequence[Stored]) -> int:
        """Return the last number of these messages of a channel that the stream has too; 0 when it has none."""
        if not messages:
            return 0
        page = self._jetstream.read(self._stream.name, subject, number=messages[0].number, most=len(messages))
        found = {stored.number: stored.payload for stored in page}
        return max((old.number for old in messages if found.get(old.number) == old.payload), default=0)

    def since(self, subject: str, number: int) -> Past:
        """Return what came after a number; of too many, the last ``limit``."""
        state = self._jetstream.state(self._stream.name, subject)
        if number > int(state["last_seq"]):
            return Past(self.last(subject)[0], has_gap=True)  # a number of another stream
        found = self._all_after(subject, number)
        kept = int(state.get("subjects", {}).get(subject, 0))
        full = kept >= self._stream.messages_of_subject and len(found) >= kept
        lost = int(state["first_seq"]) > number + 1 or full or len(found) > self.limit
        return Past(found[-self.limit:], has_gap=lost)

    def reaches(self, number: int, since: int) -> bool:
        """Whether all that came after a number came at a time (nanoseconds since 1970) or later."""
        first = self._jetstream.read_since(self._stream.name, subjects.ALL_CHAT, time=since, most=1)
        return number + 1 >= (first[0].number if first else self.top() + 1)

    def around(self, subject: str, number: int, *, before: int, after: int, since: int = 0) -> Surroundings | None:
        """Return a message of a channel with up to so many others.

        None when it is not there, of another channel, or older than ``since``, which holds for the others too.
        """
        found = self._read(subject, number, after + 1)
        if not found or found[0].number != number or found[0].time < since:
            return None
        older = [message for message in self._before(subject, number, before) if message.time >= since]
        return Surroundings(older, found[0], found[1:])

    def _before(self, subject: str, number: int, count: int) -> list[Stored]:
        """Return the last ``count`` messages before a number that is there.

        The stream is read forwards only. So a place is searched from which one page has enough of them and still
        reaches the number: further and further back, and when that was too far, halfway. The bounds of the search
        close in, whatever lies between.
        """
        best: list[Stored] = []
        too_early, too_late, span, page = 0, number, FIRST_SPAN, max(PAGE, 4 * count)
        while count and too_late - too_early > 1:
            begin = (too_early + too_late) // 2 if too_early else max(1, number - span)
            found = self._read(subject, begin, page)
            older = [message for message in found if message.number < number]
            if len(older) == page:
                too_early = begin
                continue
            best, too_late, span = older, begin, span * GROWTH
            if len(best) >= count:
                break
        return best[-count:] if count else []

    def _read(self, subject: str, number: int, most: int) -> list[Stored]:
        return self._jetstream.read(self._stream.name, subject, number=number, most=most, times=True)

    def _all_after(self, subject: str, number: int) -> list[Stored]:
        found: list[Stored] = []
        while page := self.after(subject, found[-1].number if found else number):
            found = [*found, *page][-self.limit - 1:]
        return found
