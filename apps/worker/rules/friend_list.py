"""The list of a player's friends and open requests, as clients get it."""

from datetime import date, datetime
from typing import Any

from apps.worker.rules import shanghai, utc
from apps.worker.rules.families import LIVING
from common.mysql import Row, Statements


def of(db: Statements, uid: str, now: datetime) -> list[dict[str, Any]]:
    """Return all friends, and who was asked but did not agree; oldest friends first, requests last."""
    rows = db.all(
        "SELECT p.gn, p.exp, h.day, r.since, f.name, p.icon, p.intro, h.paid "  # noqa: S608  # constant
        "FROM friend r JOIN player p ON p.uid = r.fid "
        "LEFT JOIN heart h ON h.uid = r.uid AND h.fid = r.fid "
        "LEFT JOIN family_member m ON m.uid = r.fid "
        f"LEFT JOIN family f ON f.id = m.family AND {LIVING} "
        "WHERE r.uid = %s ORDER BY r.since IS NULL, r.since, p.gn_key", utc.stored(now), uid)
    return [entry(row) for row in rows]


def entry(row: Row) -> dict[str, Any]:
    """Return one line of the list: ``fid`` is a family's name.

    ``recover`` and ``isre`` are of the heart that the owner of the list sent: its day, and whether it was paid.
    """
    gn, exp, recover, since, family, icon, intro, isre = row
    return {"gn": gn, "exp": exp, "recover": _day(recover), "since": _day(since), "fid": family or "", "icon": icon,
            "intro": intro, "isre": isre or 0}


def _day(day: date | None) -> str:
    return "" if day is None else shanghai.day_text(day)
