"""Members of a family: who they are, who comes and who goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.worker.module.enums import FamilyRole, Item
from apps.worker.rules import cards, families, shared_items, utc
from apps.worker.rules.families import Family
from apps.worker.rules.letters import Recipient
from apps.worker.unit_of_work import Work
from apps.worker.worlds import World
from common.mysql import Statements, Transaction

CHAT_MEMBER = "chat_member"
"""Kind of the outbox's rows: players whose family has changed, for the chat."""


@dataclass(frozen=True)
class Person:
    """A player, as far as families care."""

    uid: str
    gn: str
    exp: int


def person(db: Statements, uid: str) -> Person | None:
    """Return a player."""
    row = db.one("SELECT uid, gn, exp FROM player WHERE uid = %s", uid)
    return None if row is None else Person(*row)


def count(db: Statements, family: Family) -> int:
    """Return how many members there are; exact under the lock of the family."""
    return int(db.value("SELECT COUNT(*) FROM family_member WHERE family = %s", family.id))


def uids(db: Statements, family: Family) -> list[str]:
    """Return the uids of all members in their order; complete under the lock of the family."""
    return [row[0] for row in db.all("SELECT uid FROM family_member WHERE family = %s ORDER BY uid", family.id)]


def officials(db: Statements, family: Family) -> list[Recipient]:
    """Return the owner and the admins."""
    rows = db.all("SELECT uid FROM family_member WHERE family = %s AND (role = %s OR uid = %s) ORDER BY uid",
                  family.id, int(FamilyRole.ADMIN), family.owner)
    return [Recipient(row[0], family.world) for row in rows]


def add(db: Work, uid: str, family: Family) -> None:
    """Let a player join, who is locked and has no family."""
    db.execute("INSERT INTO family_member (uid, family, role, joined) VALUES (%s, %s, %s, %s)",
               uid, family.id, int(FamilyRole.BASIC), db.cause.time)
    cards.copy_membership(db, [uid])
    announce_change(db, [uid], family.world, family)


def remove(db: Work, uid: str, family: Family) -> None:
    """Let a member go, who is locked: what was contributed is forgotten, the family coins stay."""
    db.execute("DELETE FROM family_member WHERE uid = %s AND family = %s", uid, family.id)
    cards.copy_membership(db, [uid])
    shared_items.clear(db, [uid], Item.FAMILY_COIN_RECORD)
    announce_change(db, [uid], family.world, None)


def set_role(db: Transaction, uid: str, role: FamilyRole) -> None:
    """Give a member, who is locked, another role than owner."""
    db.execute("UPDATE family_member SET role = %s WHERE uid = %s", int(role), uid)
    cards.copy_membership(db, [uid])


def hand_over(db: Transaction, family: Family, target: str) -> None:
    """Make another member the owner; both are locked. The one before is a plain member then."""
    db.execute("UPDATE family SET owner = %s, disband = NULL WHERE id = %s", target, family.id)
    set_role(db, family.owner, FamilyRole.BASIC)
    set_role(db, target, FamilyRole.BASIC)


def clear_out(db: Work, uid: str, now: datetime) -> None:
    """Remove the family that a player without a family may still have rows of, because its time has come."""
    found = families.any_membership(db, uid)
    if found is not None and found.family.is_gone(now):
        dissolve(db, found.family)


def is_free(db: Work, world: World, name: str, now: datetime) -> bool:
    """Whether a family may take this name; a family that is gone and still has it is removed."""
    holder = families.by_name(db, world, name)
    if holder is None:
        return True
    if holder.is_gone(now):
        dissolve(db, holder)
        return True
    return False


def dissolve(db: Work, family: Family) -> None:
    """Remove a family whose time has come, with all that belongs to it."""
    if db.one("SELECT id FROM family WHERE id = %s AND disband IS NOT NULL FOR UPDATE", family.id) is None:
        return
    members = uids(db, family)
    shared_items.lock_players(db, members)
    shared_items.clear(db, members, Item.FAMILY_COIN_RECORD)
    announce_change(db, members, family.world, None)
    for statement in ("DELETE FROM family_member WHERE family = %s", "DELETE FROM family_request WHERE family = %s",
                      "DELETE FROM family WHERE id = %s"):
        db.execute(statement, family.id)
    cards.copy_membership(db, members)


def announce_change(db: Work, members: Sequence[str], world: str, family: Family | None) -> None:
    """Tell the chat, with the commit, which family players are in now.

    ``time`` lets a receiver drop what has been overtaken on its way. It is the database's own, read under the locks of
    the change: of two requests the one that came first may get them last.
    """
    if members:
        time = utc.text(utc.of_database(db))
        db.deliver(CHAT_MEMBER, {"world": world, "uids": list(members), **told(family), "time": time})


def told(family: Family | None) -> dict[str, str]:
    """Return what the chat gets to know of the family of a player."""
    if family is None:
        return {"fn": "", "fid": "", "since": ""}
    return {"fn": family.name, "fid": family.id, "since": utc.text(family.named)}
