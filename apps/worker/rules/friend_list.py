"""The list of a player's friends and open requests, as clients get it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from apps.worker.rules import json_rows, names, utc
from apps.worker.rules.cards import Card
from apps.worker.rules.families import LIVING
from common.mysql import Statements

A_STATEMENT = 400
"""Friends that one statement lists: their text stays below the MiB that it may have, whatever they write."""
FIRST, LAST = "", "~"
"""Before and after all uids."""
SELECT = (
    "SELECT GROUP_CONCAT(p.card, ',', JSON_ARRAY(r.heart, r.since, f.name, r.paid)), COUNT(*) "  # noqa: S608  # a constant
    "FROM friend r JOIN player p ON p.uid = r.fid "
    f"LEFT JOIN family f ON f.id = p.family AND {LIVING} "
    "WHERE r.uid = %s AND r.fid BETWEEN %s AND %s"
)


def of(db: Statements, uid: str, now: datetime) -> list[dict[str, Any]]:
    """Return all friends, and who was asked but did not agree; oldest friends first, requests last."""
    return lines(_found(db, uid, now))


def _found(db: Statements, uid: str, now: datetime) -> Iterator[tuple[Card, Any]]:
    """Yield the card of each friend, and what the list says besides; by parts when the first look was too long."""
    text, count = _part(db, uid, now, FIRST, LAST)
    if count <= A_STATEMENT:
        yield from json_rows.pairs(text)
        return
    fids = [fid for fid, in db.all("SELECT fid FROM friend WHERE uid = %s ORDER BY fid", uid)]
    for start in range(0, len(fids), A_STATEMENT):
        part = fids[start:start + A_STATEMENT]
        yield from json_rows.pairs(_part(db, uid, now, part[0], part[-1])[0])


def _part(db: Statements, uid: str, now: datetime, first: str, last: str) -> tuple[str | None, int]:
    """Return the text of the friends with these uids and those between, and how many they are."""
    [(text, count)] = db.all(SELECT, utc.stored(now), uid, first, last)
    return text, count


def lines(found: Iterable[tuple[Card, Any]]) -> list[dict[str, Any]]:
    """Return the list of a player with these friends: ``fid`` is a family's name.

    ``recover`` and ``isre`` are of the heart that the owner of the list sent: its day, and whether it was paid.
    """
    ranked = sorted((since is None, since or "", names.name_key(gn), number, {
        "gn": gn, "exp": exp, "recover": recover or "", "since": since or "", "fid": family or "", "icon": icon,
        "intro": intro, "isre": isre,
    }) for number, ((gn, icon, exp, intro, *_), (recover, since, family, isre)) in enumerate(found))
    return [line for *_, line in ranked]
