"""Cards: what other players see of a player, kept by the database in one column of the player's row.

A card is the text of a JSON array, which the database makes anew whenever a column of it changes. Some of these columns
are copies of what stands in other tables, because fifty look-ups there would cost more than all the rest of a list; so
is the column that leads from a friend to the name of the friend's family. Copies are written by the transaction that
writes the original; ``python -m apps.worker.ledger verify`` compares the balances.
"""

from collections.abc import Collection, Sequence

from apps.worker.module.enums import Item
from common.mysql import Transaction, marks

COPIES = {Item.FAMILY_COIN: "family_coin", Item.FAMILY_COIN_RECORD: "family_record"}
"""Columns of ``player`` that are copies of balances."""


Card = tuple[str, str, int, str, str, str, int, str | None, int, int]
"""Game name, icon, experience, intro, login, uid; role in the family, since when, coins and what was contributed.

The order is that of the column's definition. The login is the moment of the first request of the latest day,
``YYYY-MM-DD HH:MM:SS`` in Asia/Shanghai; empty before. The role of an owner is whatever it was before.
"""


def copy_balances(db: Transaction, uids: Sequence[str], iids: Collection[int]) -> None:
    """Bring the cards of players, who are locked, up to date with their balances of these items."""
    for item, column in COPIES.items():
        if item in iids and uids:
            db.execute(f"UPDATE player p JOIN item i ON i.uid = p.uid AND i.iid = %s SET p.{column} = i.value "  # noqa: S608  # a constant and marks
                       f"WHERE p.uid IN ({marks(uids)})", int(item), *uids)


def copy_login(db: Transaction, uid: str, moment: str) -> None:
    """Write the moment of the first request of a day, which is a timer, into the card of a player, who is locked."""
    db.execute("UPDATE player SET login = %s WHERE uid = %s", moment, uid)


def copy_membership(db: Transaction, uids: Sequence[str]) -> None:
    """Bring the cards of players, who are locked, up to date with what they are in which family."""
    if uids:
        db.execute("UPDATE player p LEFT JOIN family_member m ON m.uid = p.uid "  # noqa: S608  # only marks
                   "SET p.family = m.family, p.family_role = COALESCE(m.role, 0), p.family_joined = m.joined "
                   f"WHERE p.uid IN ({marks(uids)})", *uids)
