"""What players may give to their friends, and how much of it is left today.

The game data lists it as ``friend_gifts`` in player.json: ``3:1:5000`` lets each player give 5000 coins a day, to one
friend or to several. What is not listed cannot be given.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from apps.worker.module.enums import Group, Item
from apps.worker.rules import items
from apps.worker.rules.items import Amount
from apps.worker.unit_of_work import Work


def daily(config: Mapping[str, Any]) -> dict[int, int]:
    """Return how many of each item a player may give a day."""
    return {amount.iid: amount.quantity for amount in items.parse_all(config["player"].get("friend_gifts", ()))}


def together(gift: Iterable[Amount], listed: Mapping[int, int]) -> list[Amount] | None:
    """Return each item once, with all that is given of it; None for what cannot be given, or nothing at all."""
    given: Counter[int] = Counter()
    for amount in gift:
        if amount.gid != Group.ITEM or amount.iid not in listed:
            return None
        given[amount.iid] += amount.quantity
    return [items.item(Item(iid), quantity) for iid, quantity in given.items()] or None


def take(db: Work, uid: str, gift: Sequence[Amount], listed: Mapping[int, int], today: date) -> bool:
    """Note what a player gives today; False, and nothing is noted, when that is too much.

    The caller holds the player's lock.
    """
    rows = db.all("SELECT iid, given FROM friend_gift WHERE uid = %s AND day >= %s", uid, today)
    before: dict[int, int] = dict(rows)
    after = {amount.iid: before.get(amount.iid, 0) + amount.quantity for amount in gift}
    if any(given > listed[iid] for iid, given in after.items()):
        return False
    db.many("INSERT INTO friend_gift (uid, iid, day, given) VALUES (%s, %s, %s, %s) "
            "ON DUPLICATE KEY UPDATE day = GREATEST(day, VALUES(day)), given = VALUES(given)",
            [(uid, int(iid), today, given) for iid, given in after.items()])
    return True
