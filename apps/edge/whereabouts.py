"""In which family a player of another edge was listed last. Pure."""

from typing import Generic, TypeVar

from apps.edge.membership import Player

Family = TypeVar("Family")


class Whereabouts(Generic[Family]):
    """Finds the family that a change of a player concerns, without a look into all of them."""

    def __init__(self) -> None:
        self._families: dict[Player, Family] = {}
        self._listed: dict[Family, set[Player]] = {}

    def list(self, family: Family, players: set[Player]) -> None:
        """Take the players of a family; those that it had before and who are in no other one are forgotten."""
        former = self._listed.pop(family, set())
        if players:
            self._listed[family] = players
        for player in former - players:
            if self._families.get(player) is family:
                del self._families[player]
        for player in players - former:
            self._families[player] = family

    def find(self, player: Player) -> Family | None:
        """Return the family where a player was listed last."""
        return self._families.get(player)

    def __len__(self) -> int:
        """Return how many players are known."""
        return len(self._families)
