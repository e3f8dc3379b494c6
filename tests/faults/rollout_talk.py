"""Chat clients with the extension. They stay until their edge closes, come back, and ask for what they missed.

Each says numbered messages, the next one when the one before has come back. After a new join it greets: when it hears
its greeting it has heard everything that came before, and says again what did not get through. So everybody has to
hear every message of everybody else once and in order, whatever becomes of the edges.
"""

import json
from collections.abc import Mapping, Sequence
from time import monotonic

import gevent
from gevent.event import Event

from apps.client.chat import COMMAND_LENGTH, Chat, ChatRefusedError
from apps.client.gate import Address
from common.lines import LineTimeoutError
from tests.faults.caller import Caller
from tests.faults.people import Person
from tests.faults.rollout_tally import StrictTally
from tests.faults.talk_log import Saying
from tests.support.waiting import wait_for

GREETING, MESSAGE = 0, 1  # sessions of Saying
SAY_SECONDS = 0.3
PAUSE_SECONDS = 0.1
DEAF_SECONDS = 10.0
JOIN_SECONDS = 5.0
MEET_SECONDS = 15.0


class Memory:
    """What one listener has heard in all its stays together."""

    def __init__(self, world: str) -> None:
        self._world = world
        self._last: dict[str, int] = {}
        self.number = 0
        """The highest number that a line had."""
        self.problems: list[str] = []
        self.notices: list[str] = []
        """What the edge said of messages that it could not pass on."""

    def last(self, speaker: str) -> int:
        """Return the number of the latest message of a speaker, 0 when there was none."""
        return self._last.get(speaker, 0)

    def hear(self, line: str) -> Saying | None:
        """Take a line of the edge; None when it is no message."""
        command, rest = line[:COMMAND_LENGTH].lstrip("0"), line[COMMAND_LENGTH:]
        if command == "NOTICE" and json.loads(rest).get("reason") == "unavailable":
            self.notices.append(f"got {line[:80]!r}")
            return None
        if command != "MESSAGE":
            self.problems.append(f"got {line[:80]!r}")
            return None
        message = json.loads(rest)
        saying = Saying.parse(message["text"])
        if message["number"] <= self.number:
            self.problems.append(f"{saying} has number {message['number']} after {self.number}")
        self.number = message["number"]
        self._follow(saying)
        return saying

    def _follow(self, saying: Saying) -> None:
        if saying.place != self._world:
            self.problems.append(f"heard {saying} in world {self._world}")
        if saying.session == MESSAGE:
            if saying.number != self.last(saying.speaker) + 1:
                self.problems.append(f"heard {saying} after number {self.last(saying.speaker)}")
            self._last[saying.speaker] = saying.number


class Guest:
    """One person in the chat."""

    def __init__(self, person: Person, edge: Address, caller: Caller, tally: StrictTally, may_talk: Event) -> None:
        self.person = person
        self.memory = Memory(person.world)
        self.said = self.joined = self.closed = 0
        """The number of the latest message; stays begun; stays that the edge ended."""
        self.unheard: list[str] = []
        """A text for each message that never came back to who said it."""
        self.problems: list[str] = []
        self._edge = edge
        self._caller = caller
        self._tally = tally
        self._may_talk = may_talk
        self._ending = Event()
        self._greeted = 0
        self._heard = Event()
        """Something of its own came back."""
        self._heard_greeting = 0
        self._loop = gevent.Greenlet(self._run)

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        """Leave the chat. Raises what the loop raised."""
        self._ending.set()
        self._loop.get(timeout=MEET_SECONDS)

    @property
    def is_in(self) -> bool:
        """Whether it has been greeted by itself."""
        return self._heard_greeting > 0

    def _run(self) -> None:
        while not self._ending.is_set():
            chat = self._join()
            if chat is None:
                self._ending.wait(PAUSE_SECONDS)
                continue
            with chat:
                self._stay(chat)

    def _join(self) -> Chat | None:
        data = self._caller.read(self.person, "ticket", "get_login_token_chat")
        if data is None:
            return None
        wish = f";after={self.memory.number}" if self.memory.number else ";last=0"
        try:
            return Chat(self._edge, data["token"] + wish, JOIN_SECONDS)
        except (ChatRefusedError, LineTimeoutError, OSError) as error:
            self._tally.broke(error)
            return None

    def _stay(self, chat: Chat) -> None:
        self.joined += 1
        self._greeted += 1
        listener = gevent.spawn(self._listen, chat)
        try:
            well = self._say(chat, listener, GREETING, self._greeted)
            while well and not (self._ending.is_set() or listener.dead):
                if self._may_talk.is_set():
                    self.said = self.memory.last(self.person.name) + 1
                    well = self._say(chat, listener, MESSAGE, self.said)
                self._ending.wait(SAY_SECONDS)
        except OSError:
            listener.join(DEAF_SECONDS)  # the edge is gone; how it left, the listener tells
        finally:
            listener.kill()

    def _say(self, chat: Chat, listener: "gevent.Greenlet[..., None]", session: int, number: int) -> bool:
        """Say something and wait until it comes back; False when the session has ended or is of no use."""
        chat.say("PUBLIC", str(Saying(self.person.world, self.person.name, session, number)))
        deadline = monotonic() + DEAF_SECONDS
        while self._latest(session) < number:
            self._heard.wait(PAUSE_SECONDS)
            self._heard.clear()
            if listener.dead:
                return False
            if monotonic() > deadline:
                self.unheard.append(f"{self.person.name} did not hear itself for {DEAF_SECONDS:g} s")
                return False
        return True

    def _latest(self, session: int) -> int:
        return self._heard_greeting if session == GREETING else self.memory.last(self.person.name)

    def _listen(self, chat: Chat) -> None:
        try:
            while (line := chat.read(None)) is not None:
                self._take(line)
        except OSError as error:
            self._tally.broke(error)
        else:
            self.closed += 1

    def _take(self, line: str) -> None:
        saying = self.memory.hear(line)
        if saying is not None and saying.speaker == self.person.name:
            if saying.session == GREETING:
                self._heard_greeting = saying.number
            else:
                self._tally.success("chat")
            self._heard.set()


class Party:
    """All guests."""

    def __init__(self, people: Sequence[Person], gates: Sequence[Address], edge: Address, tally: StrictTally) -> None:
        self._may_talk = Event()
        self.guests = [Guest(person, edge, Caller(gates, tally), tally, self._may_talk) for person in people]

    def start(self) -> None:
        """Let everybody come in, then talk. Raises AssertionError when somebody does not get in."""
        for guest in self.guests:
            guest.start()
        wait_for(lambda: all(guest.is_in for guest in self.guests), MEET_SECONDS, "everybody to be in the chat")
        self._may_talk.set()

    def stop(self) -> list[str]:
        """Let everybody hear everything, then leave; return what is wrong."""
        self._may_talk.clear()
        deadline = monotonic() + MEET_SECONDS
        while (behind := self._behind()) and monotonic() < deadline:
            gevent.sleep(PAUSE_SECONDS)
        for guest in self.guests:
            guest.stop()
        return [f"chat: {text}" for guest in self.guests for text in (*guest.memory.problems, *guest.problems)] + [
            f"chat: {text}" for text in behind]

    @property
    def unheard(self) -> list[str]:
        """A text for each message that was lost on its way, or that an edge could not pass on."""
        return [f"chat: {text}" for guest in self.guests for text in (*guest.unheard, *guest.memory.notices)]

    def _behind(self) -> list[str]:
        said = {guest.person.name: guest for guest in self.guests}
        return [text for guest in self.guests for text in behind(guest, said)]

    @property
    def summary(self) -> str:
        """What was said, and how often edges sent somebody away."""
        said, closed = (sum(getattr(guest, name) for guest in self.guests) for name in ("said", "closed"))
        return f"chat: {said} messages, {closed} sessions closed by edges"


def behind(guest: Guest, all_guests: Mapping[str, Guest]) -> list[str]:
    """Name the guests of the same world of whom one has not heard the latest message."""
    return [f"{guest.person.name} heard {other.said - guest.memory.last(name)} messages of {name} too few"
            for name, other in all_guests.items()
            if other.person.world == guest.person.world and guest.memory.last(name) < other.said]
