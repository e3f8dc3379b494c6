"""Families: one row each, under an id that never changes, and one row for each member.

A family whose time to disband has come counts as gone for everybody, also before its rows are removed. What changes a
family is written under the lock of its row. Members take it before their own, and then come those of other players (in
the order of their uids): whoever has the family waits for no member who waits for the family. Who is a member and with
which role also changes only under the lock of that player, so that a function can rely on what it has read of its own
player.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from apps.worker.module.enums import FamilyRole
from apps.worker.rules import accounts, names, utc
from apps.worker.rules.family_counters import Daily, Used
from apps.worker.unit_of_work import Work
from apps.worker.worlds import World
from common.mysql import Row, Statements, Transaction

ID_PREFIX = "f"
COLUMNS = ("f.id, f.world, f.name, f.owner, f.icon, f.exp, f.notice, f.board, f.disband, f.named, f.day, f.removals, "
           "f.notices, f.invitations")
LIVING = "(f.disband IS NULL OR f.disband > %s)"
OFFICIALS = (FamilyRole.ADMIN, FamilyRole.OWNER)


@dataclass(frozen=True)
class Family:
    """One family."""

    id: str
    world: str
    name: str
    owner: str
    icon: int
    exp: int
    notice: str
    board: str
    disband: datetime | None
    """When it ends, in UTC without a zone."""
    named: datetime
    """Since when it has its name, likewise: what was said under the name before is another family's business."""
    used: Used

    def info(self) -> dict[str, object]:
        """Return what clients get of every family."""
        return {"name": self.name, "icon": self.icon, "exp": self.exp, "notice": self.notice, "board": self.board}

    def is_gone(self, now: datetime) -> bool:
        """Whether its time to disband has come."""
        return has_ended(self.disband, now)


@dataclass(frozen=True)
class Membership:
    """What a player is in a family."""

    uid: str
    family: Family
    role: int

    @property
    def is_official(self) -> bool:
        """Whether the player runs the family: its owner, or an admin."""
        return self.role in OFFICIALS


def has_ended(disband: datetime | None, now: datetime) -> bool:
    """Whether a family that ends at ``disband`` (UTC without a zone) is gone."""
    return disband is not None and disband <= utc.stored(now)


def membership(db: Statements, uid: str, now: datetime) -> Membership | None:
    """Return the family of a player and the player's role, or None without a family."""
    found = any_membership(db, uid)
    return None if found is None or found.family.is_gone(now) else found


def any_membership(db: Statements, uid: str) -> Membership | None:
    """Return the same, also when the family is gone and only its rows remain."""
    row = db.one(f"SELECT m.role, {COLUMNS} FROM family_member m JOIN family f ON f.id = m.family "  # noqa: S608  # constant
                 "WHERE m.uid = %s", uid)
    if row is None:
        return None
    family = from_row(row[1:])
    return Membership(uid, family, int(FamilyRole.OWNER) if family.owner == uid else row[0])


def lock(db: Transaction, family_id: str, now: datetime) -> Family | None:
    """Lock a family until the commit and return it as it is now; None when it is gone."""
    row = db.one(f"SELECT {COLUMNS} FROM family f WHERE f.id = %s AND {LIVING} FOR UPDATE",  # noqa: S608  # constant
                 family_id, utc.stored(now))
    return None if row is None else from_row(row)


def by_name(db: Statements, world: World, name: str) -> Family | None:
    """Return the family of this name in a world, also when it is gone and only its rows remain."""
    row = db.one(f"SELECT {COLUMNS} FROM family f WHERE f.world = %s AND f.name_key = %s",  # noqa: S608  # constant
                 world.home, names.wanted_key(name))
    return None if row is None else from_row(row)


def found(db: Work, world: World, owner: str, *, name: str, icon: int, random: Random) -> Family:
    """Make a family, still without a member. Raises DuplicateError when the name is taken."""
    named = utc.of_database(db)
    family = Family(accounts.new_id(random, ID_PREFIX), world.home, name, owner, icon, 0, "", "", None, named,
                    Used(None))
    db.execute("INSERT INTO family (id, world, name, name_key, owner, icon, created, named) "
               "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
               family.id, family.world, name, names.name_key(name), owner, icon, db.cause.time, named)
    return family


def rename(db: Transaction, family: Family, name: str) -> Family:
    """Give a family another name; return it as it is then. Raises DuplicateError when the name is taken."""
    named = utc.of_database(db)
    db.execute("UPDATE family SET name = %s, name_key = %s, named = %s WHERE id = %s",
               name, names.name_key(name), named, family.id)
    return replace(family, name=name, named=named)


def add_exp(db: Transaction, family: Family, amount: int) -> int:
    """Add experience; return how much the family has then."""
    db.execute("UPDATE family SET exp = exp + %s WHERE id = %s", amount, family.id)
    return int(db.value("SELECT exp FROM family WHERE id = %s", family.id))


def take_daily(db: Transaction, family: Family, what: Daily, now: datetime, top: int) -> int | None:
    """Use up one of what a family may do ``top`` times a day; return what is left, or None when there was none.

    The caller holds the lock of the family.
    """
    used = family.used.on(now.date()).plus(what)
    left = top - used.count(what)
    if left < 0:
        return None
    db.execute("UPDATE family SET day = %s, removals = %s, notices = %s, invitations = %s WHERE id = %s",
               used.day, used.removals, used.notices, used.invitations, family.id)
    return left


def disband_at(db: Transaction, family: Family, moment: datetime | None) -> None:
    """Let a family end at a moment, or go on."""
    db.execute("UPDATE family SET disband = %s WHERE id = %s", moment and utc.stored(moment), family.id)


def name_of(db: Statements, uid: str, now: datetime) -> str:
    """Return the name of a player's family; empty without one."""
    found = membership(db, uid, now)
    return found.family.name if found else ""


def from_row(row: Row) -> Family:
    """Return the family of a row of COLUMNS."""
    *columns, day, removals, notices, invitations = row
    return Family(*columns, Used(day, removals, notices, invitations))  # type: ignore[call-arg]  # ten columns
