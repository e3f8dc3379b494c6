"""The list of a player's friends and open requests, as clients get it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.worker.rules import json_rows, names, utc
from apps.worker.rules.families import LIVING
from common.mysql import Statements

SELECT = (
    "SELECT JSON_ARRAY(p.gn, p.exp, h.day, r.since, f.name, p.icon, p.intro, h.paid) "  # noqa: S608  # a constant
    "FROM friend r JOIN player p ON p.uid = r.fid "
    "LEFT JOIN heart h ON h.uid = r.uid AND h.fid = r.fid "
    "LEFT JOIN family_member m ON m.uid = r.fid "
    f"LEFT JOIN family f ON f.id = m.family AND {LIVING} "
    "WHERE r.uid = %s"
)


def of(db: Statements, uid: str, now: datetime) -> list[dict[str, Any]]:
    """Return all friends, and who was asked but did not agree; oldest friends first, requests last."""
    friends = [entry(row) for row in json_rows.all_of(db, SELECT, utc.stored(now), uid)]
    friends.sort(key=_order)
    return friends


def entry(row: Sequence[Any]) -> dict[str, Any]:
    """Return one line of the list: ``fid`` is a family's name.

    ``recover`` and ``isre`` are of the heart that the owner of the list sent: its day, and whether it was paid.
    """
    gn, exp, recover, since, family, icon, intro, isre = row
    return {"gn": gn, "exp": exp, "recover": recover or "", "since": since or "", "fid": family or "", "icon": icon,
            "intro": intro, "isre": isre or 0}


def _order(friend: dict[str, Any]) -> tuple[bool, str, str]:
    since = friend["since"]
    return since == "", since, names.name_key(friend["gn"])
