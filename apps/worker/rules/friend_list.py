"""The list of a player's friends and open requests, as the text that clients get.

The database puts each line together from text that it keeps ready; see ``conf/migrations/0013_faces.sql``.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime

import orjson

from apps.worker.rules import utc
from apps.worker.rules.families import LIVING
from common.mysql import Statements

A_STATEMENT = 400
"""Friends that one statement lists: their text stays below the MiB that it may have, whatever they write."""
NO_TEXT = '""'
FIRST_FRIEND = '{"since":"0'
"""Before the lines of all friends, after those of all requests, in whose ``since`` is nothing."""
SELECT = (
    "SELECT GROUP_CONCAT('{\"since\":\"', COALESCE(r.since, ''), '\",', p.face, "  # noqa: S608  # constants
    f"',\"fid\":', COALESCE(f.name_json, '{NO_TEXT}'), ',\"recover\":\"', COALESCE(r.heart, ''), "
    "'\",\"isre\":', r.paid, '}' SEPARATOR '\n'), COUNT(*) "
    "FROM friend r JOIN player p ON p.uid = r.fid "
    f"LEFT JOIN family f ON f.id = p.family AND {LIVING} "
    "WHERE r.uid = %s"
)


def of(db: Statements, uid: str, now: datetime) -> orjson.Fragment:
    """Return a JSON array of all friends, and who was asked but did not agree: {gn, exp, recover, since, fid, ...}.

    Oldest friends come first, requests last. ``fid`` is a family's name. ``recover`` and ``isre`` are of the heart that
    the owner of the list sent: its day, and whether it was paid.
    """
    return orjson.Fragment(f"[{','.join(ranked(list(_lines(db, uid, now))))}]")


def ranked(lines: list[str]) -> list[str]:
    """Return lines, which begin with ``since`` and ``gn``, in the order of the list."""
    lines = sorted(lines)
    requests = bisect_left(lines, FIRST_FRIEND)
    return lines[requests:] + lines[:requests]


def _lines(db: Statements, uid: str, now: datetime) -> Iterator[str]:
    """Yield the line of each friend; by parts when the first look was too long."""
    [(text, count)] = db.all(SELECT, utc.stored(now), uid)
    if count <= A_STATEMENT:
        yield from apart(text, count)
        return
    fids = [fid for fid, in db.all("SELECT fid FROM friend WHERE uid = %s ORDER BY fid", uid)]
    for start in range(0, len(fids), A_STATEMENT):
        part = fids[start:start + A_STATEMENT]
        [found] = db.all(f"{SELECT} AND r.fid BETWEEN %s AND %s", utc.stored(now), uid, part[0], part[-1])
        yield from apart(*found)


def apart(text: str | None, count: int) -> list[str]:
    """Return the lines of a text; None is no line. JSON has no raw line breaks.

    Raises ValueError for a text that was cut off: the database does so with those beyond its limit.
    """
    lines = text.split("\n") if text else []
    if len(lines) != count or (lines and not lines[-1].endswith("}")):
        raise ValueError(f"a list of {count} was cut off")
    return lines
