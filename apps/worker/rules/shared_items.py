"""What many players get or lose at once, in a number of statements that does not grow with them.

The caller holds the locks of all of them; ``lock_players`` takes them.
"""

from collections.abc import Iterable, Sequence

from apps.worker.module.enums import Group, Item
from apps.worker.rules import cards, items
from apps.worker.rules.items import Amount, Change
from apps.worker.unit_of_work import Work
from common.mysql import Transaction, marks

WRITE = ("INSERT INTO item (uid, iid, value) VALUES (%s, %s, %s) "
         "ON DUPLICATE KEY UPDATE value = VALUES(value)")


def lock_players(db: Transaction, uids: Iterable[str]) -> None:
    """Lock players until the commit, in the order in which everybody locks them."""
    ordered = sorted(uids)
    if ordered:
        db.all(f"SELECT uid FROM player WHERE uid IN ({marks(ordered)}) ORDER BY uid FOR UPDATE", *ordered)  # noqa: S608  # only marks


def grant_to_all(db: Work, uids: Sequence[str], gains: Sequence[Amount]) -> dict[str, Change]:
    """Give the same to each player (at least one); return what each got. Things that are no balances go one by one."""
    if any(gain.gid != Group.ITEM for gain in gains):
        return {uid: items.grant(db, uid, gains) for uid in uids}
    have = _balances(db, uids, [gain.iid for gain in gains])
    changes = {uid: _add(db, uid, gains, have) for uid in uids}
    db.many(WRITE, [(*key, value) for key, value in have.items()])
    cards.copy_balances(db, uids, [gain.iid for gain in gains])
    return changes


def clear(db: Work, uids: Sequence[str], item: Item) -> None:
    """Take all that the players have of an item."""
    if not uids:
        return
    for (uid, iid), value in _balances(db, uids, [int(item)]).items():
        if value:
            db.record(uid, Group.ITEM, iid, -value, 0)
    db.execute(f"UPDATE item SET value = 0 WHERE iid = %s AND uid IN ({marks(uids)})", int(item), *uids)  # noqa: S608  # only marks
    cards.copy_balances(db, uids, [item])


def _add(db: Work, uid: str, gains: Sequence[Amount], have: dict[tuple[str, int], int]) -> Change:
    change = Change()
    for gain in gains:
        key = (uid, int(gain.iid))
        before, have[key] = have[key], items.capped(have[key] + gain.quantity)
        change.note(gain, have[key])
        db.record(uid, Group.ITEM, gain.iid, have[key] - before, have[key])
    return change


def _balances(db: Work, uids: Sequence[str], iids: Sequence[int]) -> dict[tuple[str, int], int]:
    rows = db.all(f"SELECT uid, iid, value FROM item WHERE uid IN ({marks(uids)}) AND iid IN ({marks(iids)})",  # noqa: S608  # only marks
                  *uids, *iids)
    have = {(uid, int(iid)): 0 for uid in uids for iid in iids}
    return have | {(uid, iid): value for uid, iid, value in rows}
