"""Guests who speak to their family all the time and note what they hear there, coming back whenever they are closed."""

import itertools
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from time import monotonic
from typing import Any

import gevent
from gevent.event import Event

from apps.client.chat import Chat, parse
from apps.client.gate import Address
from common.lines import LineTimeoutError
from tests.faults.social_people import SUCCESS, WAIT_SECONDS, Guest
from tests.faults.talk import END_SECONDS, show
from tests.support.waiting import wait_for

SAY_SECONDS = 0.05
PAUSE_SECONDS = 0.1
READ_SECONDS = 5.0
FAMILY = "FAMILY"
DELAY_SECONDS = 1.0
"""How long after an acknowledged change the chat may still follow what was before: some ms, but for a lack of CPU."""


@dataclass(frozen=True)
class Heard:
    """One text of a family's chat; ``said`` and ``at`` are moments of ``monotonic``."""

    speaker: str
    said: float
    at: float


class Voice:
    """One guest in the chat."""

    def __init__(self, guest: Guest, edges: Sequence[Address], first: int) -> None:
        """The edge with the number ``first`` gets the first session, the next one the second, and so on."""
        self.guest = guest
        self.heard: list[Heard] = []
        self._edges = itertools.cycle([*edges[first % len(edges):], *edges[:first % len(edges)]])
        self._ending = Event()
        self._loop: gevent.Greenlet[..., Any] | None = None

    def start(self) -> None:
        self._loop = gevent.spawn(self._run)

    def stop(self) -> None:
        """Leave. Raises what the loop raised."""
        self._ending.set()
        if self._loop is not None:
            self._loop.get(timeout=END_SECONDS)

    def heard_since(self, moment: float) -> set[str]:
        """Return the names of those who were heard after a moment with something that they said after it."""
        return {one.speaker for one in self.heard if one.said > moment}

    def _run(self) -> None:
        while not self._ending.is_set():
            chat = self._enter()
            if chat is not None:
                with closing(chat):
                    self._stay(chat)
            self._ending.wait(PAUSE_SECONDS)

    def _enter(self) -> Chat | None:
        answer = self.guest.call("get_login_token_chat")
        return show(next(self._edges), answer["data"]["token"]) if answer["status"] == SUCCESS else None

    def _stay(self, chat: Chat) -> None:
        listener = gevent.spawn(self._listen, chat)
        try:
            while not (self._ending.is_set() or listener.dead):
                chat.say(FAMILY, f"{self.guest.name} {monotonic()}")
                self._ending.wait(SAY_SECONDS)
        except OSError:
            pass  # who has no family and speaks to it is closed: the loop comes in again
        finally:
            listener.kill()

    def _listen(self, chat: Chat) -> None:
        while True:
            try:
                line = chat.read(READ_SECONDS)
            except LineTimeoutError:
                continue
            except OSError:
                return
            if line is None:
                return
            self._note(line)

    def _note(self, line: str) -> None:
        channel, _, text = parse(line)
        if channel == FAMILY:
            speaker, said = text.split(" ")
            self.heard.append(Heard(speaker, float(said), monotonic()))


def start(guests: Sequence[Guest], edges: Sequence[Address]) -> list[Voice]:
    """Let guests enter the chat, each through another edge than the one before."""
    voices = [Voice(guest, edges, number) for number, guest in enumerate(guests)]
    for voice in voices:
        voice.start()
    return voices


def stop(voices: Sequence[Voice]) -> None:
    """Let all leave."""
    for voice in voices:
        voice.stop()


def wait_heard(voice: Voice, speakers: set[str]) -> None:
    """Wait until somebody hears all of these say something new. Raises AssertionError."""
    since = monotonic()
    wait_for(lambda: speakers <= voice.heard_since(since), WAIT_SECONDS,
             f"{voice.guest.name} to hear the family: {sorted(speakers)}")
