"""Follows one channel in the stream of the chat and gives its messages, with their numbers, to extended clients.

In the room of the channel it is a member like any other: what it gets there only tells it that there is something to
read. So nothing is missed when NATS was away, and plain clients wait for nothing.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import gevent
from gevent.event import Event

from apps.edge import extension
from apps.edge.extension import Wishes
from apps.edge.fan_out import TURN, Receiver
from apps.edge.history import History, Past
from common.metrics import Counter
from common.nats.errors import NATSError
from common.nats.stored import Stored

log = logging.getLogger(__name__)

NUMBERED = Counter("edge_numbered_messages_total", "Messages that were read from the stream for extended clients")
UNREAD = Counter("edge_stream_failures_total", "Times when the stream of the chat could not be read")

FIRST_WAIT, LONGEST_WAIT = 0.002, 0.1
PATIENCE = 2.0  # seconds that a message may take from the room to the stream
RETRY = 1.0


class Seat(NamedTuple):
    """Up to which number a client has heard this channel at another edge; what was said before a time is not for it."""

    heard: int
    since: int

    def may_hear(self, message: Stored) -> bool:
        """Whether a message is for this client."""
        return message.number > self.heard and message.time >= self.since


class Follower:
    """Works from the first client to the last one."""

    def __init__(self, subject: str, history: History,
                 spawn: Callable[[Callable[[], None]], "gevent.Greenlet[..., Any]"]) -> None:
        self._subject = subject
        self._history = history
        self._recent: deque[Stored] = deque(maxlen=history.limit)
        self._position: int | None = None
        self._joining: dict[Receiver, Wishes] = {}
        self._members: dict[Receiver, Seat] = {}
        self._expected = 0
        self._fails = False
        self._doubts = False
        self._wake = Event()
        self._loop = spawn(self._run)

    def join(self, member: Receiver, wishes: Wishes) -> None:
        """Give a client what it wished for, and all that comes; never waits."""
        self._joining[member] = wishes
        self._wake.set()

    def leave(self, member: Receiver) -> bool:
        """Let a client go; return whether it was the last one."""
        self._joining.pop(member, None)
        self._members.pop(member, None)
        return not (self._joining or self._members)

    def wake(self) -> None:
        """Look for something new after NATS was away, perhaps without what it had; never waits."""
        self._doubts = True
        self._wake.set()

    def close(self) -> None:
        """End; never waits."""
        self._loop.kill(block=False)

    def send(self, data: bytes) -> None:
        """Hear that something was said in the room."""
        self._expected += data.count(b"\r\n")
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            try:
                self._work()
                self._fails = False
            except NATSError as error:
                self._fail(error)
                gevent.sleep(RETRY)
                self._wake.set()

    def _fail(self, error: NATSError) -> None:
        """Count a failure; tell of the first of a row."""
        UNREAD.inc()
        self._doubts = True
        if not self._fails:
            self._fails = True
            log.warning("the stream of the chat cannot be read", extra={"detail": f"{error}"[:200]})
            for member in [*self._members, *self._joining]:
                member.send(extension.notice_line("unavailable", channel=extension.channel_of(self._subject)))

    def _work(self) -> None:
        if self._position is None:
            messages, self._position = self._history.last(self._subject)
            self._recent.extend(messages)
        if self._doubts:
            self._doubts = False
            self._make_sure(self._position)
        self._read_on()

    def _make_sure(self, position: int) -> None:
        """Go back to where the stream is when NATS has lost it, or the end of it; the members are told."""
        latest = self._recent[-1] if self._recent else None
        if self._history.goes_on(self._subject, position, latest):
            return
        common = self._history.common(self._subject, list(self._recent))
        past = self._history.since(self._subject, common)
        log.warning("the stream of the chat has lost messages", extra={"had": position, "has": common})
        kept = [message for message in self._recent if message.number <= common]
        self._recent.clear()
        self._recent.extend([*kept, *past.messages])
        self._position = past.messages[-1].number if past.messages else common
        self._members = {member: seat._replace(heard=0) for member, seat in self._members.items()}
        self._pass_on(past.messages, extension.gap_line(self._subject, position))

    def _read_on(self) -> None:
        """Pass on what is new and admit who joins; wait for what was heard in the room until it is in the stream."""
        wait, waited = FIRST_WAIT, 0.0
        while True:
            page = self._history.after(self._subject, self._position or 0)
            if page:
                self._expected -= len(page)
                self._position = page[-1].number
                self._recent.extend(page)
                NUMBERED.inc(len(page))
                self._pass_on(page)
                wait = FIRST_WAIT
            self._admit_all()
            if page:
                continue
            if self._expected <= 0 or waited >= PATIENCE:
                self._expected = 0  # what was heard before the first reading may have been counted, and read, too
                return
            gevent.sleep(wait)
            waited += wait
            wait = min(2 * wait, LONGEST_WAIT)

    def _admit_all(self) -> None:
        while self._joining:
            member = next(iter(self._joining))
            self._admit(member, self._joining[member])

    def _pass_on(self, messages: Sequence[Stored], begin_with: bytes = b"") -> None:
        lines = [extension.message_line(message) for message in messages]
        data = begin_with + b"".join(lines)
        members = list(self._members)
        for begin in range(0, len(members), TURN):
            if begin:
                gevent.sleep(0)
            for member in members[begin:begin + TURN]:
                seat = self._members.get(member)
                if seat is not None:
                    for_all = not messages or seat.may_hear(messages[0])
                    member.send(data if for_all else begin_with + _for(seat, messages, lines))

    def _admit(self, member: Receiver, wishes: Wishes) -> None:
        lines, seat = self._past(wishes)
        if wishes.position:
            lines.append(extension.position_line(self._subject, self._position or 0))
        if self._joining.get(member) is not wishes:
            return  # it has left, or wishes something else now
        del self._joining[member]
        self._members[member] = seat
        if lines:
            member.send(b"".join(lines))

    def _past(self, wishes: Wishes) -> tuple[list[bytes], Seat]:
        """Return the lines up to the position of the moment, and from where on the client is to hear.

        It may have heard more than this edge has read. After a gap that counts for nothing: numbers may begin anew.
        """
        seat = Seat(0, wishes.since)
        after = wishes.after_in(self._subject)
        if after is not None:
            past = self._missed(after, wishes.since)
            return self._lines(past, after, seat), seat if past.has_gap else seat._replace(heard=after)
        floor = self._position or 0 if wishes.floor is None else wishes.floor
        older = [message for message in self._recent if message.number <= floor and seat.may_hear(message)]
        last = map(extension.message_line, older[max(0, len(older) - wishes.last):])
        return [*last, *self._lines(self._since(floor), floor, seat)], seat

    def _missed(self, after: int, since: int) -> Past:
        """Return what came after a number; when that is older than what the client may hear, some may be missing."""
        past = self._since(after)
        return past._replace(has_gap=past.has_gap or (since > 0 and not self._history.reaches(after, since)))

    def _lines(self, past: Past, after: int, seat: Seat) -> list[bytes]:
        lines = [extension.message_line(message) for message in past.messages if seat.may_hear(message)]
        return [extension.gap_line(self._subject, after), *lines] if past.has_gap else lines

    def _since(self, number: int) -> Past:
        """Return what came after a number, up to the position of the moment."""
        position = self._position or 0
        if number == position:
            return Past([], has_gap=False)
        if self._recent and self._recent[0].number <= number <= position:
            return Past([message for message in self._recent if message.number > number], has_gap=False)
        past = self._history.since(self._subject, number)
        return past._replace(messages=[message for message in past.messages if message.number <= position])

    @property
    def position(self) -> int | None:
        """Number up to which all was read; None before the first reading."""
        return self._position


def _for(seat: Seat, messages: Sequence[Stored], lines: Sequence[bytes]) -> bytes:
    """Return the lines of the messages that are for a client."""
    return b"".join(line for line, message in zip(lines, messages, strict=True) if seat.may_hear(message))
