"""Families whose time to disband has come and that nobody has touched since."""

from apps.worker.rules import families, family_members
from apps.worker.rules.families import Family
from apps.worker.unit_of_work import Work


def end_one(db: Work) -> Family | None:
    """Remove the family that ended first, as the next look of a member would; return it, or None when none is left.

    A family that somebody else works on is passed over, so that several can do this at once.
    """
    row = db.one(f"SELECT {families.COLUMNS} FROM family f WHERE f.disband <= %s ORDER BY f.disband LIMIT 1 "  # noqa: S608  # constant
                 "FOR UPDATE SKIP LOCKED", db.cause.time)
    if row is None:
        return None
    family = families.from_row(row)
    family_members.dissolve(db, family)
    return family
