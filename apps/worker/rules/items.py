"""What players own, as item strings ``gid:iid:qty``: reading them, paying with them, granting them.

All changes of a player's property are made under the lock of that player, and each is a line in the ledger. Amounts are
always positive; whether something is paid or granted is said by the function that is called.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from apps.worker.module.enums import Armor, Group, Item, Role, Skill, Weapon
from apps.worker.rules import cards
from apps.worker.unit_of_work import Work
from common.mysql import marks

FORM = re.compile(r"([0-4]):([0-9]{1,9}):([0-9]{1,15})")
KINDS = {Group.WEAPON: Weapon, Group.SKILL: Skill, Group.ROLE: Role, Group.ITEM: Item, Group.ARMOR: Armor}
IDS = {int(group): frozenset(int(member) for member in kind) for group, kind in KINDS.items()}
LARGEST_BALANCE = 2**62
FIRST_ARMOR_LEVEL = 1
OWNED_SKILL_BECOMES = (Group.ITEM, Item.SKILL_SCROLL_10)


class ItemError(ValueError):
    """A text that is no item string, or names a thing that does not exist."""


class NotEnoughError(Exception):
    """The player does not have what is to be paid."""


@dataclass(frozen=True)
class Amount:
    """So many of a thing; ``quantity`` is positive."""

    gid: int
    iid: int
    quantity: int

    def __str__(self) -> str:
        return f"{int(self.gid)}:{int(self.iid)}:{self.quantity}"

    def times(self, number: int) -> "Amount":
        """Return this ``number`` times."""
        return replace(self, quantity=self.quantity * number)


@dataclass
class Change:
    """What was moved and what is left, in the same order: ``remain`` and ``reward`` of the answers."""

    remain: list[str] = field(default_factory=list)
    reward: list[str] = field(default_factory=list)

    def note(self, moved: Amount, balance: int) -> None:
        """Add one thing."""
        self.remain.append(str(replace(moved, quantity=balance)))
        self.reward.append(str(moved))

    def as_data(self, remain: str = "remain") -> dict[str, list[str]]:
        """Return the pair as clients get it."""
        return {remain: self.remain, "reward": self.reward}


def item(iid: Item, quantity: int) -> Amount:
    """Return an amount of a balance (group 3)."""
    return Amount(Group.ITEM, iid, quantity)


def parse(text: str) -> Amount:
    """Read ``gid:iid:qty``. Raises ItemError."""
    match = FORM.fullmatch(text)
    if match is None:
        raise ItemError(f"{text[:40]!r} is not gid:iid:qty")
    gid, iid, quantity = (int(part) for part in match.groups())
    if iid not in IDS[gid] or quantity < 1:
        raise ItemError(f"there is no {text[:40]!r}")
    return Amount(gid, iid, quantity)


def parse_all(texts: Iterable[str]) -> list[Amount]:
    """Read item strings. Raises ItemError."""
    return [parse(text) for text in texts]


def capped(balance: int) -> int:
    """Return what of a balance can be held; the ledger notes no more either."""
    return min(balance, LARGEST_BALANCE)


def balances(db: Work, uid: str, iids: Sequence[int]) -> dict[int, int]:
    """Return how much the player has of each item; 0 of what was never owned."""
    rows = db.all(f"SELECT iid, value FROM item WHERE uid = %s AND iid IN ({marks(iids)})", uid, *iids)  # noqa: S608  # only marks
    return dict.fromkeys(iids, 0) | dict(rows)


def pay(db: Work, uid: str, costs: Sequence[Amount]) -> Change:
    """Take items from the player: all of ``costs`` or nothing. Raises NotEnoughError."""
    change = Change()
    have = balances(db, uid, [cost.iid for cost in costs]) if costs else {}
    for cost in costs:
        if have[cost.iid] < cost.quantity:
            raise NotEnoughError(str(cost))
        have[cost.iid] -= cost.quantity
        change.note(cost, have[cost.iid])
        db.record(uid, Group.ITEM, cost.iid, -cost.quantity, have[cost.iid])
    _write_items(db, uid, have)
    return change


def grant(db: Work, uid: str, gains: Sequence[Amount]) -> Change:
    """Give things of any group to the player. The entry of a skill that is owned already becomes a scroll."""
    gains = _settle_skills(db, uid, gains)
    have = _Holdings(db, uid, gains)
    change = Change()
    for gain in gains:
        before, balance = have.add(gain)
        change.note(gain, balance)
        db.record(uid, gain.gid, gain.iid, balance - before, balance)
    have.write()
    return change


def _settle_skills(db: Work, uid: str, gains: Sequence[Amount]) -> list[Amount]:
    if all(gain.gid != Group.SKILL for gain in gains):
        return list(gains)
    owned = {row[0] for row in db.all("SELECT sid FROM skill WHERE uid = %s", uid)}
    settled = []
    for gain in gains:
        if gain.gid != Group.SKILL:
            settled.append(gain)
        elif gain.iid in owned:
            settled.append(Amount(*OWNED_SKILL_BECOMES, 1))
        else:
            owned.add(gain.iid)
            settled.append(gain)
    return settled


class _Holdings:
    """Balances that are read once, changed in memory under the player's lock, and written once a table."""

    def __init__(self, db: Work, uid: str, gains: Sequence[Amount]) -> None:
        self._db = db
        self._uid = uid
        self._have: dict[int, dict[int, int]] = {}
        for group in {gain.gid for gain in gains}:
            ids = [gain.iid for gain in gains if gain.gid == group]
            self._have[group] = _read(db, uid, Group(group), ids)

    def add(self, gain: Amount) -> tuple[int, int]:
        """Return the balance before and after."""
        have = self._have[gain.gid]
        before = have[gain.iid]
        have[gain.iid] = 1 if gain.gid == Group.SKILL else capped(before + gain.quantity)
        return before, have[gain.iid]

    def write(self) -> None:
        for group, have in self._have.items():
            _WRITERS[Group(group)](self._db, self._uid, have)


def _read(db: Work, uid: str, group: Group, ids: Sequence[int]) -> dict[int, int]:
    if group is Group.ITEM:
        return balances(db, uid, ids)
    found: dict[int, int] = dict(db.all(_READERS[group], uid)) if group in _READERS else {}
    return {number: found.get(number, 0) for number in ids}


def _write_items(db: Work, uid: str, have: dict[int, int]) -> None:
    if have:
        db.many("INSERT INTO item (uid, iid, value) VALUES (%s, %s, %s) ON DUPLICATE KEY UPDATE value = VALUES(value)",
                [(uid, int(iid), value) for iid, value in have.items()])
        cards.copy_balances(db, [uid], have)


def _write_weapons(db: Work, uid: str, have: dict[int, int]) -> None:
    db.many("INSERT INTO weapon (uid, wid, segment) VALUES (%s, %s, %s) "
            "ON DUPLICATE KEY UPDATE segment = VALUES(segment)", [(uid, wid, value) for wid, value in have.items()])


def _write_roles(db: Work, uid: str, have: dict[int, int]) -> None:
    db.many("INSERT INTO role (uid, rid, segment) VALUES (%s, %s, %s) "
            "ON DUPLICATE KEY UPDATE segment = VALUES(segment)", [(uid, rid, value) for rid, value in have.items()])


def _write_skills(db: Work, uid: str, have: dict[int, int]) -> None:
    db.many("INSERT INTO skill (uid, sid) VALUES (%s, %s)", [(uid, sid) for sid in have])


def _write_armors(db: Work, uid: str, have: dict[int, int]) -> None:
    db.many("INSERT INTO armor (uid, aid, level, quantity) VALUES (%s, %s, %s, %s) "
            "ON DUPLICATE KEY UPDATE quantity = VALUES(quantity)",
            [(uid, aid, FIRST_ARMOR_LEVEL, value) for aid, value in have.items()])


_READERS = {
    Group.WEAPON: "SELECT wid, segment FROM weapon WHERE uid = %s",
    Group.ROLE: "SELECT rid, segment FROM role WHERE uid = %s",
    Group.ARMOR: "SELECT aid, quantity FROM armor WHERE uid = %s AND level = 1",
}
_WRITERS = {
    Group.WEAPON: _write_weapons,
    Group.SKILL: _write_skills,
    Group.ROLE: _write_roles,
    Group.ITEM: _write_items,
    Group.ARMOR: _write_armors,
}
