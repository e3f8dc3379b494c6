"""The list of a player's friends and open requests, as clients get it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from apps.worker.rules import json_rows, names, utc
from apps.worker.rules.cards import Card
from apps.worker.rules.families import LIVING
from common.mysql import Statements

SELECT = (
    "SELECT GROUP_CONCAT(p.card, ',', JSON_ARRAY(r.heart, r.since, f.name, r.paid)) "  # noqa: S608  # a constant
    "FROM friend r JOIN player p ON p.uid = r.fid "
    f"LEFT JOIN family f ON f.id = p.family AND {LIVING} "
    "WHERE r.uid = %s"
)


def of(db: Statements, uid: str, now: datetime) -> list[dict[str, Any]]:
    """Return all friends, and who was asked but did not agree; oldest friends first, requests last."""
    return lines(json_rows.pairs(db.value(SELECT, utc.stored(now), uid)))


def lines(found: Iterable[tuple[Card, Any]]) -> list[dict[str, Any]]:
    """Return the list of a player with these friends: ``fid`` is a family's name.

    ``recover`` and ``isre`` are of the heart that the owner of the list sent: its day, and whether it was paid.
    """
    ranked = sorted((since is None, since or "", names.name_key(gn), number, {
        "gn": gn, "exp": exp, "recover": recover or "", "since": since or "", "fid": family or "", "icon": icon,
        "intro": intro, "isre": isre,
    }) for number, ((gn, icon, exp, intro, *_), (recover, since, family, isre)) in enumerate(found))
    return [line for *_, line in ranked]
