"""Invitations and applications: mails whose claims name the player who would join and the family, by ids.

An invitation lies in the mailbox of that player, an application in those of the officials. All claims for the same
player and family are listed in ``family_request``, and end together when one of them is redeemed.
"""

from collections import defaultdict
from dataclasses import dataclass

import orjson

from apps.worker.module.enums import MailTemplate, MailType
from apps.worker.rules import letters
from apps.worker.rules.families import Family
from apps.worker.rules.letters import Letter, Recipient
from apps.worker.unit_of_work import Work
from common.mysql import Statements


@dataclass(frozen=True)
class Asked:
    """That a player joins a family; both are ids."""

    candidate: str
    family: str


def invite(db: Work, family: Family, candidate: Recipient) -> None:
    """Ask a player to join."""
    _send(db, family, candidate.uid, [candidate], sender=family.name, subject=MailTemplate.FAMILY_INVITATION.name)


def apply(db: Work, family: Family, candidate: str, gn: str, officials: list[Recipient]) -> None:
    """Ask officials of a family to let a player join."""
    _send(db, family, candidate, officials, sender=gn, subject=MailTemplate.FAMILY_REQUEST.name)


def peek(db: Statements, uid: str, key: str) -> Asked | None:
    """Return what a mail of this player asks, or None when it asks nothing of this kind, or no longer."""
    if not letters.is_key(key):
        return None
    payload = db.value("SELECT payload FROM claim WHERE mail = %s AND uid = %s AND type = %s",
                       key, uid, int(MailType.FAMILY_REQUEST))
    if payload is None:
        return None
    claim = orjson.loads(payload)
    return Asked(claim["uid_target"], claim["family"])


def consume(db: Work, family: Family, candidate: str, key: str) -> bool:
    """End all requests for a player and a family and delete their mails; False when the one of ``key`` had ended.

    The caller holds the lock of the family.
    """
    rows = db.all("SELECT r.mail, c.uid FROM family_request r JOIN claim c ON c.mail = r.mail "
                  "WHERE r.uid = %s AND r.family = %s", candidate, family.id)
    keys: dict[str, list[str]] = defaultdict(list)
    for mail, owner in rows:
        keys[owner].append(mail)
    if all(key not in mails for mails in keys.values()):
        return False
    db.execute("DELETE c FROM claim c JOIN family_request r ON r.mail = c.mail WHERE r.uid = %s AND r.family = %s",
               candidate, family.id)
    db.execute("DELETE FROM family_request WHERE uid = %s AND family = %s", candidate, family.id)
    for owner, mails in keys.items():
        letters.delete(db, Recipient(owner, family.world), mails)
    return True


def _send(db: Work, family: Family, candidate: str, targets: list[Recipient], *, sender: str, subject: str) -> None:
    claim = {"uid_target": candidate, "family": family.id}
    letter = Letter(MailType.FAMILY_REQUEST, sender, subject, "")
    keys = [letters.send(db, target, letter, claim) for target in targets]
    # The rows of requests whose mails were deleted go here, so that no player collects more than fit into mailboxes.
    db.execute("DELETE r FROM family_request r LEFT JOIN claim c ON c.mail = r.mail "
               "WHERE r.uid = %s AND c.mail IS NULL", candidate)
    db.many("INSERT INTO family_request (mail, uid, family) VALUES (%s, %s, %s)",
            [(key, candidate, family.id) for key in keys])
