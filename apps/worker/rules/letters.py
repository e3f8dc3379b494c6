"""Mails from the game: written into the outbox with what they belong to, and brought to the mailbox from there."""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from apps.worker.module.enums import MailType
from apps.worker.rules import names, player_names
from apps.worker.unit_of_work import Work
from apps.worker.worlds import World
from common.mysql import Statements, Transaction, marks

KEY = re.compile(r"[a-z0-9]{16,40}")
MAIL, LISTED, READ, DELETED = "mail", "mail_listed", "mail_read", "mail_delete"
"""Kinds of the outbox's rows: a mail to deliver, mails to mark as listed or as read, and mails to delete."""
INSERT_CLAIM = "INSERT INTO claim (mail, uid, type, payload, created) VALUES (%s, %s, %s, %s, %s)"


@dataclass(frozen=True)
class Recipient:
    """A player and the world where the player's mailbox is."""

    uid: str
    world: str


@dataclass(frozen=True)
class Letter:
    """What a mail says; ``items`` only in gifts."""

    type: MailType
    sender: str
    subject: str
    body: str
    items: str = ""

    def fields(self) -> dict[str, Any]:
        """Return the fields of the mail service."""
        fields = {"type": str(int(self.type)), "from": self.sender, "subj": self.subject, "body": self.body}
        return fields | {"items": self.items} if self.items else fields


def is_key(text: str) -> bool:
    """Whether this has the form of a mail's key."""
    return KEY.fullmatch(text) is not None


def is_body(text: str, longest: int) -> bool:
    """Whether this is a text of at most ``longest`` characters; line ends are allowed."""
    return len(text) <= longest and all(names.is_text(line, longest) for line in re.split(r"\r\n|\n", text))


def find_player(db: Statements, world: World, name: str) -> Recipient | None:
    """Return the player of this name who lives in the same world."""
    found = player_names.bearer(db, world.home, name)
    return None if found is None else Recipient(found.uid, world.home)


def sender_and_target(db: Statements, world: World, uid: str, name: str) -> tuple[str, Recipient | None]:
    """Return the game name of the player ``uid``, and the player of this name who lives in the same world."""
    row = db.one("SELECT o.gn, t.uid FROM player o LEFT JOIN player t ON t.world = %s AND t.gn_key = %s "
                 "WHERE o.uid = %s",
                 world.home, names.wanted_key(name), uid)
    if row is None:
        raise LookupError("the caller is no player")
    return row[0], None if row[1] is None else Recipient(row[1], world.home)


def name_of(db: Statements, uid: str) -> str:
    """Return the game name of a player."""
    return str(db.value("SELECT gn FROM player WHERE uid = %s", uid))


def send(db: Work, target: Recipient, letter: Letter, claim: dict[str, Any] | None = None) -> str:
    """Send a letter with the commit; return its key. ``claim`` is what the owner can redeem with the key, once."""
    key = secrets.token_hex(16)
    if claim is not None:
        db.execute(INSERT_CLAIM, key, target.uid, int(letter.type), orjson.dumps(claim).decode(), db.cause.time)
    db.deliver(MAIL, parcel(target, key, letter))
    return key


def parcel(target: Recipient, key: str, letter: Letter) -> dict[str, Any]:
    """Return the body of an outbox row that delivers a letter under a key."""
    return {"world": target.world, "uid": target.uid, "key": key, "mail": letter.fields()}


def mark_listed(deliver: Callable[[str, dict[str, Any]], None], owner: Recipient, keys: Sequence[str]) -> None:
    """Let mails be new no more, by what ``deliver`` takes."""
    if keys:
        deliver(LISTED, {"world": owner.world, "uid": owner.uid, "keys": list(keys)})


def mark_read(db: Work, owner: Recipient, keys: Sequence[str]) -> None:
    """Mark mails as read with the commit; keys of no mail are passed over."""
    keys = [key for key in keys if is_key(key)]
    if keys:
        db.deliver(READ, {"world": owner.world, "uid": owner.uid, "keys": keys})


def delete(db: Work, owner: Recipient, keys: Sequence[str]) -> None:
    """Delete mails with the commit; keys of no mail are passed over."""
    keys = [key for key in keys if is_key(key)]
    if keys:
        db.deliver(DELETED, {"world": owner.world, "uid": owner.uid, "keys": keys})


def redeem(db: Transaction, uid: str, key: str, kind: MailType) -> dict[str, Any] | None:
    """Take the claim of a mail, once; None when there is none of this kind for this owner, which changes nothing."""
    payload = db.value("SELECT payload FROM claim WHERE mail = %s AND uid = %s AND type = %s FOR UPDATE",
                       key, uid, int(kind))
    if payload is None:
        return None
    db.execute("DELETE FROM claim WHERE mail = %s", key)
    claim: dict[str, Any] = orjson.loads(payload)
    return claim


def void(db: Transaction, uid: str, keys: Sequence[str]) -> None:
    """Remove the claims of mails that are deleted."""
    if keys:
        db.execute(f"DELETE FROM claim WHERE uid = %s AND mail IN ({marks(keys)})", uid, *keys)  # noqa: S608  # only marks
