"""What is wrong with the game data, in words that help the one who wrote it."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that keeps the game data from being served.

    ``file`` is the path inside the folder of the game data, ``path`` the place in that file as a JSON path
    (``$.worlds[3].merge``), empty where it is the file as a whole.
    """

    file: str
    path: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.path, self.reason) if part)
