"""Friends of a player: asking, agreeing and parting, hearts, and looking at other players."""

from typing import Unpack

from apps.worker.fields import Label
from apps.worker.module.common import GameError, ReadTools, Reply, Tools, ok
from apps.worker.module.enums import Achievement, Item, MailType, Task
from apps.worker.rules import families, friend_list, friends, hearts, items, letters
from apps.worker.rules.friends import Person
from apps.worker.rules.letters import Recipient
from apps.worker.rules.progress import record_achievement, record_task
from common.http_client import ServiceUnavailableError
from common.mysql import Statements


def get_all_friend(uid: str, **kwargs: Unpack[ReadTools]) -> Reply:
    """List the friends, and the players who were asked and did not agree yet; those have an empty ``since``."""
    return ok({"friends": friend_list.of(kwargs["db"], uid, kwargs["now"])}, "got all friends")


def request_friend(uid: str, gn_target: Label, **kwargs: Unpack[Tools]) -> Reply:
    """Ask a player to be a friend, by mail.

    96: six were asked today, or too many have not answered yet. 97: no such player. 99: oneself. 95: a friend already,
    or one of the two has asked the other. 94: the mailbox is full, or too many requests wait there. 98: no mails at
    the moment.
    """
    db, now, most = kwargs["db"], kwargs["now"], kwargs["services"].open_requests
    sent = friends.requests_today(db, uid, now)
    if sent >= friends.REQUESTS_PER_DAY or friends.open_sent(db, uid) >= most.sent:
        raise GameError(96, "six players were asked today, or too many have not answered")
    target = friends.find(db, kwargs["world"], gn_target)
    if target is None:
        raise GameError(97, "no such player")
    _require_other(uid, target)
    mailbox = Recipient(target.uid, kwargs["world"].home)
    _require_unasked(db, uid, target)
    _require_room(mailbox, **kwargs)
    # Only now, so that nobody else's lock is held while the mail service is asked; what was true may have changed.
    friends.lock(db, target.uid)
    _require_unasked(db, uid, target)
    if friends.open_received(db, target.uid) >= most.received:
        raise GameError(94, "too many requests wait for an answer of this player")
    friends.ask(db, uid, mailbox)
    friends.count_request(db, uid, sent + 1, now)
    record_achievement(db, uid, Achievement.FRIEND_REQUEST)
    return ok({"gn": target.gn}, "sent")


def respond_friend(uid: str, key: str, **kwargs: Unpack[Tools]) -> Reply:
    """Agree to the request of a mail. To refuse, the mail is deleted. Whatever is refused here leaves the request.

    99: no such request in this mailbox. 97: one of the two has fifty friends. 98: the request was taken back.
    """
    db = kwargs["db"]
    claim = letters.redeem(db, uid, key, MailType.FRIEND_REQUEST) if letters.is_key(key) else None
    if claim is None:
        raise GameError(99, "no such request")
    sender = friends.lock(db, claim["uid_sender"])
    if friends.is_full(db, (uid, claim["uid_sender"])):
        raise GameError(97, "one of the two has fifty friends")
    if sender is None or not friends.has_asked(db, sender.uid, uid, key):
        raise GameError(98, "the request was taken back")
    friends.befriend(db, uid, sender.uid, kwargs["now"].date())
    letters.delete(db, Recipient(uid, kwargs["world"].home), [key])
    return ok({"gn": sender.gn, "exp": sender.exp})


def remove_friend(uid: str, gn_target: Label, **kwargs: Unpack[Tools]) -> Reply:
    """Part with a friend, or take a request back, on both sides. It is no error if there was nothing. 99: oneself."""
    db = kwargs["db"]
    target = friends.find(db, kwargs["world"], gn_target)
    if target is None:
        return ok({"gn": gn_target}, "removed")
    _require_other(uid, target)
    friends.lock(db, target.uid)
    friends.part(db, uid, target.uid)
    hearts.forget_old(db, uid, kwargs["now"].date())
    return ok({"gn": target.gn}, "removed")


def send_gift_friend(uid: str, gn_target: Label, **kwargs: Unpack[Tools]) -> Reply:
    """Send today's heart to a friend. 99: no friend. 98: sent already."""
    db, today = kwargs["db"], kwargs["now"].date()
    target = friends.find(db, kwargs["world"], gn_target)
    if target is None or not friends.are_friends(db, uid, target.uid):
        raise GameError(99, "no friend")
    if hearts.was_sent(db, uid, target.uid, today):
        raise GameError(98, "sent already today")
    _send_hearts(uid, [target.uid], **kwargs)
    return ok()


def send_gift_all(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """Send today's heart to each friend who did not get it yet; return their names. 99: none is left."""
    waiting = hearts.waiting(kwargs["db"], uid, kwargs["now"].date())
    if not waiting:
        raise GameError(99, "every friend got a heart today")
    _send_hearts(uid, list(waiting), **kwargs)
    return ok(list(waiting.values()), "all sent")


def get_gifts_friend(uid: str, gns: list[str], **kwargs: Unpack[Tools]) -> Reply:
    """Collect the reward for the hearts that the caller itself sent today to the named friends, each once.

    The sender is rewarded for sending: one friend gift (item 16) a heart, on the day of sending only. Who got the heart
    gets nothing. Names of others are passed over. ``reward`` and ``remain`` are one item string each.
    """
    db, today = kwargs["db"], kwargs["now"].date()
    unpaid = hearts.unpaid(db, uid, kwargs["world"], gns, today)
    paid = hearts.mark_paid(db, uid, list(unpaid), today)
    if paid:
        change = items.grant(db, uid, [items.item(Item.FRIEND_GIFT, paid)])
        [reward], [remain] = change.reward, change.remain
    else:
        have = items.balances(db, uid, [Item.FRIEND_GIFT])[Item.FRIEND_GIFT]
        reward, remain = str(items.item(Item.FRIEND_GIFT, 0)), str(items.item(Item.FRIEND_GIFT, have))
    return ok({"gns": list(unpaid.values()), "reward": reward, "remain": remain})


def find_person(uid: str, gn_target: Label, **kwargs: Unpack[ReadTools]) -> Reply:
    """Show another player. 98: oneself. 99: no such player.

    ``stage`` is the player's highest general stage. ``isfriend`` says that both agreed. ``canfamily`` says that the
    caller may invite the player into the family.
    """
    db = kwargs["db"]
    target = friends.find(db, kwargs["world"], gn_target)
    if target is None:
        raise GameError(99, "no such player")
    if target.uid == uid:
        raise GameError(98, "oneself")
    mine, theirs = (families.membership(db, person, kwargs["now"]) for person in (uid, target.uid))
    return ok({
        "gn": target.gn,
        "fid": theirs.family.name if theirs else "",
        "icon": target.icon,
        "intro": target.intro,
        "exp": target.exp,
        "stage": friends.best_stage(db, target.uid),
        "isfriend": friends.are_friends(db, uid, target.uid),
        "canfamily": friends.may_invite(mine, theirs),
    }, "found")


def _require_other(uid: str, target: Person) -> None:
    if target.uid == uid:
        raise GameError(99, "oneself")


def _require_unasked(db: Statements, uid: str, target: Person) -> None:
    if not friends.may_ask(db, uid, target.uid):
        raise GameError(95, "a friend already, or asked already")


def _require_room(mailbox: Recipient, **kwargs: Unpack[Tools]) -> None:
    try:
        room = kwargs["services"].mail.has_room(mailbox.world, mailbox.uid)
    except ServiceUnavailableError as error:
        raise GameError(98, "no mails at the moment") from error
    if not room:
        raise GameError(94, "the mailbox is full")


def _send_hearts(uid: str, targets: list[str], **kwargs: Unpack[Tools]) -> None:
    db, now = kwargs["db"], kwargs["now"]
    hearts.send(db, uid, targets, now.date())
    record_task(db, uid, Task.SEND_FRIEND_GIFT, now)
    record_achievement(db, uid, Achievement.FRIEND_GIFT, amount=len(targets))
