"""Who plays in the corpus of lines: players, families and mails, each made when a line names it for the first time."""

import secrets
from functools import cached_property

from apps.client.player import Player
from tests.support import families, friends
from tests.support.families import family_name, founder, invite
from tests.support.friends import ask, request_keys
from tests.support.game import SUCCESS, Game, give, mails, name_of, new_name

ELSEWHERE = "s1"
RICHES = ("3:1:10000", "3:5:5000", "3:36:1000")


class Cast:
    """Gives a value for each word of the corpus. Words that begin alike belong together."""

    def __init__(self, game: Game) -> None:
        self._game = game

    def value(self, word: str) -> str:
        """Return what stands for a word."""
        found = getattr(self, word)
        return token(found) if isinstance(found, Player) else str(found)

    # Any player, and who this player knows.
    @cached_property
    def token(self) -> Player:
        return self._game.player()

    @cached_property
    def name(self) -> str:
        return name_of(self.token)

    @cached_property
    def other(self) -> str:
        return name_of(self._game.player())

    @cached_property
    def elsewhere(self) -> str:
        return name_of(self._game.player(world=ELSEWHERE))

    @cached_property
    def friend(self) -> str:
        return name_of(self._friend_of(self.token))

    @cached_property
    def gift_key(self) -> str:
        return str(mails(self.token)[0]["key"])

    @cached_property
    def strange_key(self) -> str:
        return str(mails(self._game.player())[0]["key"])

    @cached_property
    def request_key(self) -> str:
        assert ask(self._game.player(), self.name) == SUCCESS
        return request_keys(self.token)[-1]

    # Names that nobody has.
    @property
    def fresh(self) -> str:
        return new_name()

    @property
    def short(self) -> str:
        return secrets.token_hex(4)

    # Players who have, or have done, something.
    @cached_property
    def rich(self) -> Player:
        player = self._game.player()
        give(player, *RICHES)
        return player

    @cached_property
    def rich_friend(self) -> str:
        return name_of(self._friend_of(self.rich))

    @cached_property
    def tasked(self) -> Player:
        player = self._game.player()
        for function in ("get_all_task", "get_all_achievement"):
            assert player.call(function)["status"] == SUCCESS
        return player

    @cached_property
    def vip(self) -> Player:
        player = self._game.player()
        assert player.call("purchase_vip_card", card_id=26)["status"] == SUCCESS
        return player

    # A family, and who could join it.
    @cached_property
    def owner(self) -> Player:
        player = founder(self._game)
        give(player, *RICHES)
        return player

    @cached_property
    def owner_name(self) -> str:
        return name_of(self.owner)

    @cached_property
    def family(self) -> str:
        return family_name(self.owner)

    @cached_property
    def member_token(self) -> Player:
        return families.member(self._game, self.owner)

    @cached_property
    def member(self) -> str:
        return name_of(self.member_token)

    @cached_property
    def grown(self) -> Player:
        player = families.grown(self._game)
        give(player, *RICHES)
        return player

    @cached_property
    def candidate(self) -> str:
        return name_of(self.grown)

    @cached_property
    def application_key(self) -> str:
        assert families.grown(self._game).call("request_join_family", name=self.family)["status"] == SUCCESS
        return families.request_key(self.owner)

    @cached_property
    def invitation_key(self) -> str:
        assert invite(self.owner, self.grown) == SUCCESS
        return families.request_key(self.grown)

    # Other families.
    @cached_property
    def poor_owner(self) -> Player:
        return founder(self._game)

    @cached_property
    def stranger(self) -> str:
        return name_of(self.poor_owner)

    @cached_property
    def ending(self) -> Player:
        player = founder(self._game)
        assert player.call("disband_family")["status"] == SUCCESS
        return player

    def _friend_of(self, player: Player) -> Player:
        friend = self._game.player()
        friends.befriend(player, friend)
        return friend


def token(player: Player) -> str:
    """Return the session token of a player."""
    return player.state.token("")
