"""Gifts: a mail that shows them, and a claim that grants them to their owner exactly once."""

from collections.abc import Sequence
from typing import Any

from apps.worker.module.enums import MailTemplate, MailType
from apps.worker.rules import items, letters
from apps.worker.rules.items import Amount, Change
from apps.worker.unit_of_work import Work
from common.mysql import Statements


def send(db: Work, target: letters.Recipient, gift: Sequence[Amount], *, sender: str,
         subject: str = MailTemplate.SYSTEM_REWARD.name, body: str = MailTemplate.GIFT_1.name) -> str:
    """Send a gift with the commit; return the key of its mail."""
    return letters.send(db, target, letter(gift, sender=sender, subject=subject, body=body), claim=payload(gift))


def letter(gift: Sequence[Amount], *, sender: str, subject: str, body: str) -> letters.Letter:
    """Return the mail that shows a gift."""
    return letters.Letter(MailType.GIFT, sender, subject, body, ",".join(str(amount) for amount in gift))


def payload(gift: Sequence[Amount]) -> dict[str, Any]:
    """Return what the claim of a gift holds."""
    return {"items": [str(amount) for amount in gift]}


def claim(db: Work, uid: str, key: str) -> Change | None:
    """Grant the gift of a mail; None when this player has no such gift to claim."""
    granted = letters.redeem(db, uid, key, MailType.GIFT)
    return None if granted is None else items.grant(db, uid, items.parse_all(granted["items"]))


def unclaimed(db: Statements, uid: str) -> list[str]:
    """Return the keys of the gifts that a player has not claimed yet."""
    return [row[0] for row in db.all("SELECT mail FROM claim WHERE uid = %s AND type = %s", uid, int(MailType.GIFT))]
