"""A copy of the project's game data that a test may change and break."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.config.catalogue import Loader, Outcome

PROJECT = Path(__file__).resolve().parents[2]
GAME_DATA = PROJECT / "conf" / "game"
VERSION = "1.0"
SIZE_LIMIT = 16 * 1024 * 1024

FEW = ("server/world", "server/task", "server/mall", "server/check_in", "client/monster_config")

Keys = Sequence[str | int]
"""The way from the top of a file to a value."""

REMOVED = object()
"""In place of a value: remove the key."""


def content(name: str) -> Any:
    """Return the project's own file, such as ``server/world``."""
    return json.loads((GAME_DATA / VERSION / f"{name}.json").read_text())


class GameDataFolder:
    """A folder like conf/game, with only some of its files, because most tests need few and are quick then."""

    def __init__(self, folder: Path, names: Sequence[str] = FEW) -> None:
        self.root = folder / "game"
        self.names = names
        files = [f"{VERSION}/{name}.json" for name in names]
        schemas = [f"{VERSION}/schemas/{name}.schema.json" for name in ("common", *names)]
        for name in ("versions.json", "versions.schema.json", *files, *schemas):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(GAME_DATA / name, self.root / name)

    def path(self, name: str, version: str = VERSION) -> Path:
        """Return the path of a file such as ``server/world`` or ``schemas/server/world.schema``."""
        return self.root / version / f"{name}.json"

    def write(self, name: str, text: str) -> None:
        """Replace a file in one go, as careful tools do."""
        fresh = self.path(name).with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self.path(name))

    def set(self, name: str, keys: Keys, value: Any) -> None:
        """Set one value of a file."""
        changed = json.loads(self.path(name).read_text())
        put(changed, keys, value)
        self.write(name, json.dumps(changed))

    def remove(self, *names: str) -> None:
        for name in names:
            self.path(name).unlink()

    def restore(self, name: str) -> None:
        """Make a file what it is in the project."""
        self.write(name, (GAME_DATA / VERSION / f"{name}.json").read_text())

    def set_versions(self, **versions: str) -> None:
        """Replace what versions.json says."""
        path = self.root / "versions.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(json.loads(path.read_text()) | versions))
        fresh.replace(path)

    def loader(self, version: str = "", size_limit: int = SIZE_LIMIT) -> Loader:
        return Loader(self.root, version, size_limit)

    def outcome(self, version: str = "") -> Outcome:
        """Look once, with fresh eyes."""
        outcome = self.loader(version).load()
        assert outcome is not None
        return outcome

    def problems(self, version: str = "") -> list[str]:
        return [str(problem) for problem in self.outcome(version).problems]


def put(changed: Any, keys: Keys, value: Any) -> None:
    """Set or remove the value at the end of ``keys``."""
    for key in keys[:-1]:
        changed = changed[key]
    if value is REMOVED:
        del changed[keys[-1]]
    elif isinstance(changed, list) and keys[-1] == len(changed):
        changed.append(value)
    else:
        changed[keys[-1]] = value
