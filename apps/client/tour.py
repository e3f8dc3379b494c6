"""A tour through the whole system: two players meet, from the first registration to the family's chat."""

import secrets
import time
from collections.abc import Callable
from typing import Any

from apps.client.chat import Chat, parse
from apps.client.gate import Address, Gate
from apps.client.player import Player

PASSWORD_BYTES = 8
FAMILY_EXP = 20_000
"""Enough experience for the level at which families open; only a local system gives it away."""

COINS = 100
GIFT = f"3:1:{COINS}"
NOTHING_TO_GIVE = 98


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
        self._claim_gift()
        self._write()
        self._befriend()
        self._give()
        self._collect_rewards()
        self._chat("PUBLIC")
        if self._found_family():
            self._chat("FAMILY")
        return time.monotonic() - begun

    def _arrive(self, player: Player) -> None:
        name = self._names[player]
        self._step(f"{name} registers", 1, player, "register", unique_id=secrets.token_hex(16), account=name.lower(),
                   password=secrets.token_hex(PASSWORD_BYTES))
        self._step(f"{name} enters world {player.state.world}", 98, player, "enter_world")
        self._step(f"{name} creates a player", 0, player, "create_player", gn=name)
        self._step(f"{name} looks at the player", 0, player, "get_info_player")

    def _claim_gift(self) -> None:
        keys = [self._mail_of("Ada's mailbox holds the new player's gift", self._ada, "1")["key"]]
        answer = self._step("Ada claims it", 0, self._ada, "accept_gifts", gift=keys, other=[])
        self._require(list(answer["data"]["success"]) == keys, "the gift was not granted")
        self._step("Ada counts the resources", 0, self._ada, "get_all_resource")

    def _write(self) -> None:
        text = f"hello {secrets.token_hex(4)}"
        self._step("Ada writes to Bea", 0, self._ada, "send_mail", gn_target=self._names[self._bea], subj="tour",
                   body=text)
        mail = self._mail_of("Bea reads the mail", self._bea, "0")
        self._require(mail["body"] == text, "the mail did not arrive")

    def _befriend(self) -> None:
        self._step("Ada asks Bea to be friends", 0, self._ada, "request_friend", gn_target=self._names[self._bea])
        mail = self._mail_of("Bea finds the request", self._bea, "2")
        self._step("Bea accepts", 0, self._bea, "respond_friend", key=mail["key"])
        [friend] = self._step("Ada looks at her friends", 0, self._ada, "get_all_friend")["data"]["friends"]
        self._require(friend["gn"] == self._names[self._bea] and friend["since"] != "", "Bea is no friend")
        self._step("Ada sends Bea a heart", 0, self._ada, "send_gift_friend", gn_target=self._names[self._bea])
        self._step("Ada collects the thanks", 0, self._ada, "get_gifts_friend", gns=[self._names[self._bea]])

    def _give(self) -> None:
        """Let Ada give Bea something, where the game data says that coins can be given."""
        answer = self._timed(f"Ada gives Bea {COINS} coins", lambda: self._ada.call(
            "give_friend", gn_target=self._names[self._bea], items=[GIFT]))
        if answer["status"] == NOTHING_TO_GIVE:
            self._show("            (no gift: on this server coins cannot be given)")
            return
        self._require(answer["status"] == 0, f"give_friend answered {answer}")
        mail = self._mail_of("Bea finds the gift", self._bea, "1")
        self._require((mail["from"], mail["items"]) == (self._names[self._ada], GIFT), f"Bea found {mail}")
        answer = self._step("Bea claims it", 0, self._bea, "accept_gifts", gift=[mail["key"]], other=[])
        self._require(list(answer["data"]["success"]) == [mail["key"]], "the gift was not granted")

    def _collect_rewards(self) -> None:
        self._step("Ada signs in for today", 0, self._ada, "check_in_sign")
        self._step("Ada looks at today's tasks", 0, self._ada, "get_all_task")
        self._step("Ada takes the reward of a task", 0, self._ada, "get_task_reward", task_id=1)
        self._step("Ada looks at her achievements", 0, self._ada, "get_all_achievement")
        self._step("Ada takes the reward of an achievement", 0, self._ada, "get_achievement_reward", achievement_id=1)

    def _found_family(self) -> bool:
        """Let the two make a family. False where the server does not give experience away: families need a level."""
        for player in (self._ada, self._bea):
            title = f"{self._names[player]} gets experience, as developers may"
            if self._timed(title, lambda player=player: player.call("add_exp", exp=FAMILY_EXP))["status"] != 0:  # type: ignore[misc]
                self._show("            (no family: this server has no functions for developers)")
                return False
        family = f"Oaks_{secrets.token_hex(4)}"
        self._step("Ada founds a family", 0, self._ada, "create_family", name=family, icon=1)
        self._step("Bea asks to join", 0, self._bea, "request_join_family", name=family)
        mail = self._mail_of("Ada finds the request", self._ada, "3")
        self._step("Ada lets Bea in", 0, self._ada, "respond_family", key=mail["key"])
        members = self._step("Ada looks at the family", 0, self._ada, "get_all_family")["data"]["members"]
        self._require(len(members) == len(self._names), "Bea is not in the family")
        return True

    def _chat(self, channel: str) -> None:
        sessions = []
        for number, player in enumerate((self._ada, self._bea)):
            ticket = self._step(f"{self._names[player]} gets a chat ticket", 0, player, "get_login_token_chat")
            sessions.append(self._timed(
                "and joins the chat", lambda ticket=ticket, number=number: Chat(  # type: ignore[misc]
                    self._edges[number % len(self._edges)], ticket["data"]["token"])))
        text = f"hello everybody {secrets.token_hex(4)}"
        heard = self._timed(f"Ada speaks, Bea hears ({channel.lower()})",
                            lambda: self._speak(sessions[0], sessions[1], channel, text))
        self._require(heard == (channel, self._names[self._ada], text), f"Bea heard {heard}")
        for session in sessions:
            session.close()

    @staticmethod
    def _speak(speaker: Chat, listener: Chat, channel: str, text: str) -> tuple[str, str, str]:
        speaker.say(channel, text)
        while (line := listener.read(10)) is not None:
            if line.endswith(text):
                return parse(line)
        raise TourError("the chat closed")

    def _mail_of(self, title: str, player: Player, kind: str) -> Any:
        """Return the latest mail of a kind."""
        mails = self._step(title, 0, player, "get_all_mail")["data"]["mail"]
        found = [mail for mail in mails if mail["type"] == kind]
        self._require(found != [], f"there is no mail of type {kind}")
        return found[-1]

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
