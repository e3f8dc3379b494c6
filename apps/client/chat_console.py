"""The chat on a terminal: lines of the keyboard go out, what is said comes in."""

import random
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from apps.client.chat_events import Event, Gap, Joined, Lost, Message, Notice
from apps.client.chat_progress import Progress
from apps.client.gate import Address
from apps.client.lasting_chat import FAILURES, LastingChat, NoTicketError, NotInChatError, ReplacedError
from apps.client.player import Player

SPEAK_SECONDS = 5.0
END_SECONDS = 5.0


def ticket_of(player: Player) -> Callable[[], str]:
    """Return what asks the gates for a ticket; it raises NoTicketError and NoAnswerError."""
    def ask() -> str:
        answer = player.call("get_login_token_chat")
        if answer["status"] != 0:
            raise NoTicketError(answer["message"])
        return str(answer["data"]["token"])
    return ask


class ChatConsole:
    """Chats until the keyboard ends or the chat cannot be reached any more."""

    def __init__(self, player: Player, edges: Sequence[Address], progress: Progress | None,
                 show: Callable[[str], None]) -> None:
        self._chat = LastingChat(edges, ticket_of(player), random.random, progress=progress)
        self._show = show
        self._failure: Exception | None = None

    def run(self, lines: Iterable[str]) -> None:
        """Say the ``lines`` and show what is heard. Raises what ended the chat before them."""
        listener = threading.Thread(target=self._listen, daemon=True)
        listener.start()
        for line in lines:
            if self._failure is not None:
                break
            self._say(line.rstrip("\n"))
        self._chat.close()
        listener.join(END_SECONDS)
        if self._failure is not None:
            raise self._failure

    def _say(self, text: str) -> None:
        channel, text = ("FAMILY", text[3:]) if text.startswith("/f ") else ("PUBLIC", text)
        try:
            if text:
                self._chat.say(channel, text, SPEAK_SECONDS)
        except (NotInChatError, OSError) as error:
            self._show(f"-- this was not sent: {error}")

    def _listen(self) -> None:
        try:
            for event in self._chat.events():
                self._show(describe(event))
        except (NoTicketError, ReplacedError, *FAILURES) as error:
            self._failure = error
            self._show(f"-- the chat has ended: {error}")
            self._chat.close()


def describe(event: Event) -> str:
    """Return an event as a line for people."""
    match event:
        case Message():
            return f"[{event.channel}] {event.sender}: {event.text}"
        case Joined():
            return f"-- in the chat at {event.edge}"
        case Lost():
            return f"-- the connection is lost ({event.reason}), coming back"
        case Gap():
            return f"-- some older messages of the {event.channel} chat are missing"
        case Notice():
            return f"-- {_notice(event)}"
        case _:
            return f"-- {event}"


def _notice(notice: Notice) -> str:
    match notice.facts:
        case {"until": until}:
            return f"{notice.reason} until {datetime.fromtimestamp(until).astimezone():%Y-%m-%d %H:%M:%S}"
        case {"retry_after": seconds}:
            return f"{notice.reason}, wait {seconds:.1f} s"
        case _:
            return f"{notice}"
