"""Options of the config service."""

from dataclasses import dataclass

from common.http_service import HttpServiceSettings
from common.options import option


@dataclass(frozen=True, kw_only=True)
class ConfigSettings(HttpServiceSettings):
    """Hands out the game data; with --check only checks it."""

    port: int = option(8000, "TCP port of the service", least=0)
    game_data: str = option("conf/game", "Folder of the game data: versions.json and a folder for each version")
    game_version: str = option("", "Version of the game data to serve; the one that versions.json names if empty")
    game_file_limit: int = option(16 * 1024 * 1024, "Largest file of game data, in bytes", least=1)
    reload_seconds: float = option(2.0, "Seconds between two looks for changed files", least=0.05)
    check: bool = option(False, "Check the game data, print each problem, end with exit code 0 or 1")
