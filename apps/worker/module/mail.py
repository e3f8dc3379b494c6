"""The mailbox of a player: listing, deleting, and writing to one another."""

from typing import Unpack

from apps.worker.fields import Label
from apps.worker.mail_client import Box
from apps.worker.module.common import ActTools, FreeTools, GameError, Line, ReadTools, Reply, Tools, ok
from apps.worker.module.enums import Limits, MailType, Timer
from apps.worker.rules import gifts, letters, names, shanghai, timers
from common.http_client import ServiceUnavailableError
from common.mysql import Statements

MAILS_PER_DAY = 10
LONGEST_SUBJECT, LONGEST_BODY = 64, 500


def get_all_mail(uid: str, **kwargs: Unpack[ReadTools]) -> Reply:
    """List all mails, newest last."""
    return _listing(kwargs["services"].mail.all(kwargs["world"].home, uid))


def get_new_mail(uid: str, **kwargs: Unpack[ActTools]) -> Reply:
    """List the mails that were never listed before.

    If the answer is stored, the mails are new until then, and new no more with the same commit.
    """
    mail, owner, deliver = kwargs["services"].mail, letters.Recipient(uid, kwargs["world"].home), kwargs["deliver"]
    if deliver is None:
        return _listing(mail.new(owner.world, uid))
    box = mail.peek(owner.world, uid)
    letters.mark_listed(deliver, owner, [mail["key"] for mail in box.mails])
    return _listing(box)


def mark_read_mail(uid: str, key: str, **kwargs: Unpack[ActTools]) -> Reply:
    """Mark one mail as read. 99: empty key."""
    _require_key(key)
    found = kwargs["services"].mail.mark_read(kwargs["world"].home, uid, [key]) if letters.is_key(key) else []
    return ok({"key": key if found else ""})


def delete_mail(uid: str, key: str, **kwargs: Unpack[Tools]) -> Reply:
    """Delete one mail; a request in it is refused by that. A gift that is not claimed yet stays. 99: empty key."""
    _require_key(key)
    if not letters.is_key(key):
        return ok({"keys": []})
    return _delete(uid, [known for known in kwargs["services"].mail.keys(kwargs["world"].home, uid) if known == key],
                   **kwargs)


def delete_read_mail(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """Delete all mails that were read, but for gifts that are not claimed yet."""
    return _delete(uid, kwargs["services"].mail.keys(kwargs["world"].home, uid, only_read=True), **kwargs)


def send_mail(uid: str, gn_target: Label, subj: str, body: str, **kwargs: Unpack[Tools]) -> Reply:
    """Write to a player of the same world; unwanted words are masked. 99: ten were sent today. 98: not delivered."""
    db, now = kwargs["db"], kwargs["now"]
    sent = _sent_today(db, uid, shanghai.day_text(now.date()))
    if sent >= MAILS_PER_DAY:
        raise GameError(99, "ten mails were sent today")
    gn, target = letters.sender_and_target(db, kwargs["world"], uid, gn_target)
    failed = GameError(98, "not delivered", {"sent": sent})
    if target is None or target.uid == uid or not _is_letter(subj, body):
        raise failed
    try:
        room = kwargs["services"].mail.has_room(target.world, target.uid)
    except ServiceUnavailableError as error:
        raise failed from error
    if not room:
        raise failed
    words = kwargs["services"].words
    letters.send(db, target, letters.Letter(
        MailType.SIMPLE, gn, words.clean("subj", subj), words.clean("body", body)))
    timers.set_limit(db, uid, Limits.MAIL_DAILY_SEND, sent + 1)
    timers.set_timer(db, uid, Timer.MAIL_LAST_SENT, shanghai.moment_text(now))
    return ok({"sent": sent + 1})


def send_merchandise(**kwargs: Unpack[FreeTools]) -> Line:  # noqa: ARG001  # what every function takes
    """Answer as ever: the name of a function that does nothing."""
    return Line("function")


def _delete(uid: str, keys: list[str], **kwargs: Unpack[Tools]) -> Reply:
    """Delete mails and their claims with the commit.

    Claims are looked at after the mails were: a gift whose mail is in the box has its claim by then.
    """
    db = kwargs["db"]
    keep = gifts.unclaimed(db, uid)
    deleted = [key for key in keys if key not in keep]
    letters.void(db, uid, deleted)
    letters.delete(db, letters.Recipient(uid, kwargs["world"].home), deleted)
    return ok({"keys": deleted})


def _listing(box: Box) -> Reply:
    return ok(box.as_data())


def _require_key(key: str) -> None:
    if not key:
        raise GameError(99, "empty key")


def _is_letter(subject: str, body: str) -> bool:
    return names.is_text(subject, LONGEST_SUBJECT) and letters.is_body(body, LONGEST_BODY)


def _sent_today(db: Statements, uid: str, today: str) -> int:
    last = timers.get_timer(db, uid, Timer.MAIL_LAST_SENT)
    if last is None or shanghai.day_text(last.date()) < today:
        return 0
    return timers.get_limit(db, uid, Limits.MAIL_DAILY_SEND)
