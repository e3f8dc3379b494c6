"""Elements: how strong each is, and how many points a level gives."""

from collections.abc import Mapping

from apps.worker.module.enums import Element
from common.mysql import Statements, Transaction

HIGHEST = 5
FIRST_LEVEL, LEVELS_A_POINT = 15, 10


def points(level: int) -> int:
    """Return how many points a player of this level may have spent."""
    return 0 if level < FIRST_LEVEL else 1 + (level - FIRST_LEVEL) // LEVELS_A_POINT


def levels_of(db: Statements, uid: str) -> dict[str, int]:
    """Return the strength of each element, by its number as text."""
    found: dict[int, int] = dict(db.all("SELECT eid, level FROM element WHERE uid = %s", uid))
    return {str(int(element)): found.get(int(element), 0) for element in Element}


def write(db: Transaction, uid: str, strengths: Mapping[str, int]) -> None:
    """Set the strength of each element."""
    db.many("INSERT INTO element (uid, eid, level) VALUES (%s, %s, %s) ON DUPLICATE KEY UPDATE level = VALUES(level)",
            [(uid, int(eid), strength) for eid, strength in strengths.items()])
