"""Families as everybody sees them."""

from datetime import datetime

from apps.worker.rules import names, utc
from apps.worker.rules.families import LIVING
from apps.worker.worlds import World
from common.mysql import Row, Statements

SELECT = ("SELECT f.name, f.icon, f.exp, f.notice, f.board, "
          "(SELECT COUNT(*) FROM family_member m WHERE m.family = f.id) AS people "
          "FROM family f WHERE f.world = %s AND ")
BY_NAME = f"{SELECT} {LIVING} AND f.name_key = %s"
AROUND = (f"({SELECT} {LIVING} AND f.id >= %s ORDER BY f.id LIMIT %s) UNION ALL "
          f"({SELECT} {LIVING} AND f.id < %s ORDER BY f.id LIMIT %s) LIMIT %s")


def by_name(db: Statements, world: World, name: str, now: datetime) -> dict[str, object] | None:
    """Return the family of this name, or None."""
    row = db.one(BY_NAME, world.home, utc.stored(now), names.wanted_key(name))
    return None if row is None else _info(row)


def around(db: Statements, world: World, now: datetime, pivot: str, limit: int) -> list[dict[str, object]]:
    """Return up to ``limit`` families, from the id ``pivot`` on and round to the first.

    Ids are random, so a random pivot gives families by chance, without reading all of them.
    """
    half = (world.home, utc.stored(now), pivot, limit)
    return [_info(row) for row in db.all(AROUND, *half, *half, limit)]


def _info(row: Row) -> dict[str, object]:
    return dict(zip(("name", "icon", "exp", "notice", "board", "people"), row, strict=True))
