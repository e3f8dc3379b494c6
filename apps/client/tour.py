"""A tour through the whole system: two players meet, from the first registration to the chat."""

import secrets
import time
from collections.abc import Callable
from typing import Any

from apps.client.chat import Chat, parse
from apps.client.gate import Address, Gate
from apps.client.player import Player

PASSWORD_BYTES = 8


class TourError(Exception):
    """A step did not give what it should."""


class Tour:
    """Plays step after step and prints each with its time."""

    def __init__(self, gate: Gate, edges: list[Address], world: str, show: Callable[[str], None]) -> None:
        self._edges = edges
        self._show = show
        self._ada, self._bea = Player(gate), Player(gate)
        self._names: dict[Player, str] = {}
        for player in (self._ada, self._bea):
            player.state.world = world

    def play(self) -> float:
        """Return the seconds that the tour took. Raises TourError, NoAnswerError and OSError."""
        begun = time.monotonic()
        for player, name in ((self._ada, "Ada"), (self._bea, "Bea")):
            self._names[player] = f"{name}_{secrets.token_hex(4)}"
            self._arrive(player)
        self._gift(self._ada)
        self._mail()
        self._chat()
        return time.monotonic() - begun

    def _arrive(self, player: Player) -> None:
        name = self._names[player]
        self._step(f"{name} registers", 1, player, "register", unique_id=secrets.token_hex(16), account=name.lower(),
                   password=secrets.token_hex(PASSWORD_BYTES))
        self._step(f"{name} enters world {player.state.world}", 98, player, "enter_world")
        self._step(f"{name} creates a player", 0, player, "create_player", gn=name)
        self._step(f"{name} looks at the player", 0, player, "get_info_player")

    def _gift(self, player: Player) -> None:
        mails = self._step("Ada's mailbox holds the new player's gift", 0, player, "get_all_mail")["data"]["mail"]
        keys = [mail["key"] for mail in mails if "items" in mail]
        answer = self._step("Ada claims it", 0, player, "accept_gifts", gift=keys, other=[])
        self._require(list(answer["data"]["success"]) == keys != [], "the gift was not granted")
        self._step("Ada counts the resources", 0, player, "get_all_resource")

    def _mail(self) -> None:
        text = f"hello {secrets.token_hex(4)}"
        self._step("Ada writes to Bea", 0, self._ada, "send_mail", gn_target=self._names[self._bea], subj="tour",
                   body=text)
        mails = self._step("Bea reads the mail", 0, self._bea, "get_new_mail")["data"]["mail"]
        self._require(text in [mail["body"] for mail in mails], "the mail did not arrive")

    def _chat(self) -> None:
        sessions = []
        for number, player in enumerate((self._ada, self._bea)):
            ticket = self._step(f"{self._names[player]} gets a chat ticket", 0, player, "get_login_token_chat")
            sessions.append(self._timed(
                "and joins the chat", lambda ticket=ticket, number=number: Chat(  # type: ignore[misc]
                    self._edges[number % len(self._edges)], ticket["data"]["token"])))
        text = f"hello everybody {secrets.token_hex(4)}"
        heard = self._timed("Ada speaks, Bea hears", lambda: self._speak(sessions[0], sessions[1], text))
        self._require(heard == ("PUBLIC", self._names[self._ada], text), f"Bea heard {heard}")
        for session in sessions:
            session.close()

    @staticmethod
    def _speak(speaker: Chat, listener: Chat, text: str) -> tuple[str, str, str]:
        speaker.say("PUBLIC", text)
        while (line := listener.read(10)) is not None:
            if line.endswith(text):
                return parse(line)
        raise TourError("the chat closed")

    def _step(self, title: str, status: int, player: Player, function: str, **data: Any) -> Any:
        answer = self._timed(title, lambda: player.call(function, **data))
        self._require(answer["status"] == status, f"{function} answered {answer}")
        return answer

    def _timed(self, title: str, work: Callable[[], Any]) -> Any:
        begun = time.monotonic()
        result = work()
        self._show(f"{(time.monotonic() - begun) * 1000:8.1f} ms  {title}")
        return result

    @staticmethod
    def _require(fulfilled: bool, otherwise: str) -> None:  # noqa: FBT001  # reads as a sentence where it is called
        if not fulfilled:
            raise TourError(otherwise)
