"""The worlds of the game: which exist, which are open, and where the players of a merged one live."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OPEN = 0


class UnknownWorldError(Exception):
    """The world is not in the list, or closed."""


@dataclass(frozen=True)
class World:
    """One entry of world.json, resolved."""

    id: str
    """What clients call it."""
    home: str
    """The world where its players live: itself, or the one that it was merged into."""
    name: str
    status: int


NO_WORLD = World(id="", home="", name="", status=OPEN)
"""For functions that belong to no world."""


def listed(config: Mapping[str, Any]) -> list[World]:
    """Return all worlds in the order of the game data."""
    return [World(entry["id"], entry["merge"], entry["name"], entry["status"]) for entry in config["world"]["worlds"]]


class Worlds:
    """Finds worlds by their id; reads the list once a version of the game data."""

    def __init__(self) -> None:
        self._version: Mapping[str, Any] | None = None
        self._by_id: dict[str, World] = {}

    def resolve(self, config: Mapping[str, Any], world_id: str) -> World:
        """Return the open world that a client named. Raises UnknownWorldError."""
        if config is not self._version:
            self._by_id = {world.id: world for world in listed(config)}
            self._version = config
        world = self._by_id.get(world_id)
        if world is None:
            raise UnknownWorldError("no such world" if world_id else "no world is named")
        if world.status != OPEN:
            raise UnknownWorldError("this world is closed")
        return world
