"""A chat client that comes back: after the end of its edge, of the network, or of anything between."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from apps.client import chat_events
from apps.client.chat import Chat, ChatRefusedError
from apps.client.chat_events import REPLACED, Event, Joined, Lost, Notice
from apps.client.chat_progress import Progress
from apps.client.gate import Address, NoAnswerError
from common.lines import LineTimeoutError, LineTooLongError

FAILURES = (ChatRefusedError, NoAnswerError, LineTimeoutError, LineTooLongError, OSError, ValueError)
"""After these another try may go well. An edge refuses a good ticket too, while it cannot ask about it."""


class NoTicketError(Exception):
    """The player may not chat."""


class ReplacedError(Exception):
    """The player has so many newer sessions that the edge has closed this one. Coming back would close another one."""


class NotInChatError(Exception):
    """The client is not in the chat at this moment."""


@dataclass(frozen=True)
class Patience:
    """Seconds: a try may take ``trying``; pauses between tries grow from ``first`` to ``longest``; without success
    for ``giving_up``, the client ends. A connection that held for ``settled`` makes the pauses short again."""

    trying: float = 10.0
    first: float = 0.2
    longest: float = 10.0
    giving_up: float = 600.0
    settled: float = 5.0

    def pause(self, failures: int, random: float) -> float:
        """Return how long to wait after so many failures, with ``random`` from 0 to 1, so that clients spread."""
        return random * float(min(self.longest, self.first * 2 ** min(failures, 30)))


class LastingChat:
    """One client. One thread goes through ``events``; others may speak and end it."""

    def __init__(self, edges: Sequence[Address], get_ticket: Callable[[], str], random: Callable[[], float], *,
                 progress: Progress | None = None, patience: Patience = Patience(),
                 clock: Callable[[], float] = monotonic) -> None:
        """``get_ticket`` asks a gate; it raises NoTicketError when there will never be one. ``random`` is from 0 to 1.

        With ``progress`` the client asks for the extension: it hears each message once, and when it comes back it hears
        what it has missed. Without, it speaks the plain protocol.
        """
        start = int(random() * len(edges)) % len(edges)
        self._edges = itertools.cycle([*edges[start:], *edges[:start]])
        self._get_ticket = get_ticket
        self._random = random
        self._progress = progress
        self._patience = patience
        self._clock = clock
        self._ending = threading.Event()
        self._change = threading.Condition()
        self._chat: Chat | None = None

    def events(self) -> Iterator[Event]:
        """Yield what happens until the end.

        Raises NoTicketError, ReplacedError, and the last failure when it gives up.
        """
        failures = 0
        while (entered := self._come_in(failures)) is not None:
            begun = self._clock()
            yield from self._listen(entered)
            settled = self._clock() - begun >= self._patience.settled
            failures = 1 if settled else failures + 1  # those who lose an edge do not all come at the same moment
            if self._progress is not None:
                self._progress.begin(settled=settled)

    def say(self, channel: str, text: str, seconds: float = 0.0) -> None:
        """Send a text to ``PUBLIC`` or ``FAMILY``, as soon as the client is in the chat, within ``seconds``.

        It is sent once: what is said at the moment when the connection breaks may be lost. Raises NotInChatError and
        OSError.
        """
        with self._change:
            self._change.wait_for(lambda: self._chat is not None or self._ending.is_set(), seconds)
            chat = self._chat
        if chat is None:
            raise NotInChatError("there is no connection")
        chat.say(channel, text)

    def close(self) -> None:
        """Leave for good."""
        self._ending.set()
        with self._change:
            if self._chat is not None:
                self._chat.end_input()
            self._change.notify_all()

    def _come_in(self, failures: int) -> "Entered | None":
        """Return a new session; None at the end. ``failures`` came before."""
        begun = self._clock()
        while not self._ending.wait(self._patience.pause(failures, self._random()) if failures else 0):
            edge = next(self._edges)
            try:
                return self._enter(edge)
            except FAILURES:
                failures += 1
                if self._clock() - begun > self._patience.giving_up:
                    raise
        return None

    def _enter(self, edge: Address) -> "Entered":
        wishes = self._progress.wishes() if self._progress is not None else ""
        chat = Chat(edge, self._get_ticket(), self._patience.trying, wishes)
        with self._change:
            self._chat = chat
            self._change.notify_all()
        return Entered(f"{edge.host}:{edge.port}", chat)

    def _listen(self, entered: "Entered") -> Iterator[Event]:
        """Yield what the edge tells until the connection ends, and that it has."""
        joined, reason = False, "closed"
        try:
            for event in self._hear(entered):
                joined = True
                yield event
        except FAILURES as error:
            reason = str(error) or type(error).__name__
        finally:
            with self._change:
                self._chat = None
            entered.chat.close()
        if joined and not self._ending.is_set():
            yield Lost(reason)

    def _hear(self, entered: "Entered") -> Iterator[Event]:
        """Yield that the client is in, then what is news. Raises one of FAILURES.

        With the extension it is in when it knows its place in a channel: what is said from then on reaches it.
        """
        joined = self._progress is None
        if joined:
            yield Joined(entered.edge)
        for event in self._read(entered.chat):
            is_news = self._progress is None or self._progress.take(event)
            if not joined:
                joined = True
                yield Joined(entered.edge)
            if is_news:
                yield event

    def _read(self, chat: Chat) -> Iterator[Event]:
        """Yield what the edge tells until it closes. Raises ReplacedError and LineTooLongError."""
        while not self._ending.is_set() and (line := chat.read(None)) is not None:
            event = chat_events.read(line)
            if isinstance(event, Notice) and event.reason == REPLACED:
                raise ReplacedError("this player is in the chat from too many places")
            if event is not None:
                yield event


@dataclass(frozen=True)
class Entered:
    """A session and where it is."""

    edge: str
    chat: Chat
