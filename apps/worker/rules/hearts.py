"""Hearts: the small gift that a friend gets once a day, and for which its sender is rewarded.

The latest heart of one player to another is one row. It outlives the friendship, so that parting and agreeing again
does not bring a second one on the same day. The row of the friend has a copy of it for the list, for which ``show`` is
called after each change. All is done under the sender's lock.
"""

from collections.abc import Sequence
from datetime import date

from apps.worker.rules import names
from apps.worker.worlds import World
from common.mysql import Row, Statements, Transaction, marks

Names = dict[str, str]
"""Game names by uid."""


def was_sent(db: Statements, uid: str, friend: str, today: date) -> bool:
    """Whether this friend got its heart of today."""
    return db.one("SELECT 1 FROM heart WHERE uid = %s AND fid = %s AND day >= %s", uid, friend, today) is not None


def waiting(db: Statements, uid: str, today: date) -> Names:
    """Return the friends who got no heart today."""
    return _names(db.all(
        "SELECT f.fid, p.gn FROM friend f JOIN player p ON p.uid = f.fid "
        "LEFT JOIN heart h ON h.uid = f.uid AND h.fid = f.fid AND h.day >= %s "
        "WHERE f.uid = %s AND f.since IS NOT NULL AND h.uid IS NULL ORDER BY p.gn_key", today, uid))


def send(db: Transaction, uid: str, friends: Sequence[str], today: date) -> None:
    """Send a heart to each of these friends (at least one), who got none today."""
    db.many("INSERT INTO heart (uid, fid, day, paid) VALUES (%s, %s, %s, %s) "
            "ON DUPLICATE KEY UPDATE day = VALUES(day), paid = VALUES(paid)",
            [(uid, friend, today, 0) for friend in friends])
    show(db, uid, friends)


def unpaid(db: Statements, uid: str, world: World, gns: Sequence[str], today: date) -> Names:
    """Return those of the named friends whose heart of today the sender was not rewarded for yet."""
    keys = {names.wanted_key(gn) for gn in gns}
    if not keys:
        return {}
    return _names(db.all(
        "SELECT p.uid, p.gn FROM player p JOIN friend f ON f.uid = %s AND f.fid = p.uid AND f.since IS NOT NULL "  # noqa: S608  # only marks
        "JOIN heart h ON h.uid = f.uid AND h.fid = f.fid AND h.day = %s AND h.paid = 0 "
        f"WHERE p.world = %s AND p.gn_key IN ({marks(keys)}) ORDER BY p.gn_key", uid, today, world.home, *sorted(keys)))


def mark_paid(db: Transaction, uid: str, friends: Sequence[str], today: date) -> int:
    """Mark the hearts of today to these friends as paid; return how many were not before, which is what to pay."""
    if not friends:
        return 0
    paid = db.execute("UPDATE heart SET paid = 1 "  # noqa: S608  # only marks
                      f"WHERE uid = %s AND fid IN ({marks(friends)}) AND day = %s AND paid = 0", uid, *friends, today)
    show(db, uid, friends)
    return paid


def show(db: Transaction, uid: str, friends: Sequence[str]) -> None:
    """Bring what the list says of these friends (at least one) up to date with the hearts that they got."""
    db.execute("UPDATE friend f JOIN heart h ON h.uid = f.uid AND h.fid = f.fid SET f.heart = h.day, f.paid = h.paid "  # noqa: S608  # only marks
               f"WHERE f.uid = %s AND f.fid IN ({marks(friends)})", uid, *friends)


def forget_old(db: Transaction, uid: str, today: date) -> None:
    """Remove the hearts of earlier days to players who are no friends any more: they mean nothing now."""
    db.execute("DELETE h FROM heart h LEFT JOIN friend f ON f.uid = h.uid AND f.fid = h.fid "
               "WHERE h.uid = %s AND h.day < %s AND f.uid IS NULL", uid, today)


def _names(rows: Sequence[Row]) -> Names:
    return dict(rows)
