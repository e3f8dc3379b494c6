"""Gifts from one player to another: an extension of the protocol, see docs/extensions.md."""

from typing import Unpack

from apps.worker.fields import FieldError, Label
from apps.worker.module.common import GameError, Reply, Tools, ok
from apps.worker.module.enums import MailTemplate
from apps.worker.rules import friend_gifts, friends, gifts, letters
from apps.worker.rules.items import Amount, ItemError, NotEnoughError, parse_all, pay
from apps.worker.rules.letters import Recipient


def give_friend(uid: str, gn_target: Label, items: list[str], **kwargs: Unpack[Tools]) -> Reply:
    """Give items of one's own to a friend, who claims them with ``accept_gifts`` from a mail.

    A gift for a full mailbox waits until there is room. 99: no friend. 98: nothing, or something that cannot be given.
    97: more than is left of it today. 96: too few of it.
    """
    db, now, world = kwargs["db"], kwargs["now"], kwargs["world"]
    target = friends.find(db, world, gn_target)
    if target is None or not friends.are_friends(db, uid, target.uid):
        raise GameError(99, "no friend")
    listed = friend_gifts.daily(kwargs["config"])
    gift = friend_gifts.together(_read(items), listed)
    if gift is None:
        raise GameError(98, "this cannot be given")
    if not friend_gifts.take(db, uid, gift, listed, now.date()):
        raise GameError(97, "more than is left of it today")
    try:
        paid = pay(db, uid, gift)
    except NotEnoughError as error:
        raise GameError(96, "too few of it") from error
    gifts.send(db, Recipient(target.uid, world.home), gift, sender=letters.name_of(db, uid),
               subject=MailTemplate.FRIEND_GIFT.name)
    return ok({"gn": target.gn, **paid.as_data()})


def _read(texts: list[str]) -> list[Amount]:
    try:
        return parse_all(texts)
    except ItemError as error:
        raise FieldError(f"items: {error}") from error
