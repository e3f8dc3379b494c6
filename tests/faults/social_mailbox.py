"""Gifts and letters to a mailbox that is full: what was taken from a sender arrives, and nothing is lost."""

import secrets
from collections import Counter
from collections.abc import Sequence
from functools import partial

from tests.faults.load import MARKS
from tests.faults.people import GIFT_ITEM
from tests.faults.social_gifts import GIFT_MAIL, Purse, claim, granted, settle
from tests.faults.social_people import WAIT_SECONDS, Guest, Party, at_once
from tests.faults.strikes import Field
from tests.support.waiting import wait_for

ROOM_LEFT = 3
GIFTS = 8
LETTERS = 4
LETTER_MAIL = "0"
NOT_DELIVERED, MAILBOX_FULL = 98, 94
WRITTEN = ("friend", "limits", "timer", "achievement")
"""Tables in which a refused sender may not have a new row."""


def full_mailbox(field: Field) -> None:
    """More gifts than there is room for come at once; the rest waits, and comes when the owner has made room."""
    party = Party(field)
    owner, *senders = party.invite(1 + LETTERS)
    purse = Purse.of(owner)
    room = fill(owner, senders)
    party.check(room == ROOM_LEFT, f"{room} places are left of {ROOM_LEFT}")
    quantities = [next(MARKS) for _ in range(GIFTS)]
    purse.gifts += quantities
    at_once([partial(send_gift, senders[number % LETTERS], owner, quantity)
             for number, quantity in enumerate(quantities)])
    settled(party, owner, there=ROOM_LEFT)
    at_once([partial(refused, party, sender, owner) for sender in senders])
    make_room(owner, ROOM_LEFT)
    settled(party, owner, there=2 * ROOM_LEFT)
    make_room(owner, len(owner.mails(LETTER_MAIL)))
    settled(party, owner, there=GIFTS)
    claim_all(party, owner, quantities)
    settle(party, [purse])
    field.notes.append(f"{GIFTS} gifts to {ROOM_LEFT} places, {GIFTS - ROOM_LEFT} waited")


def fill(owner: Guest, senders: Sequence[Guest]) -> int:
    """Write letters until only ROOM_LEFT more mails fit; return how many fit then."""
    missing = space(owner) - ROOM_LEFT
    at_once([partial(write, sender, owner, missing // LETTERS + (number < missing % LETTERS))
             for number, sender in enumerate(senders)])
    return int(wait_for(lambda: (left := space(owner)) <= ROOM_LEFT and left, WAIT_SECONDS, "a mailbox to be filled"))


def write(sender: Guest, owner: Guest, count: int) -> None:
    """Write so many letters, past the quota of the day."""
    for _ in range(count):
        sender.done("send_text_mail", gn_target=owner.name, msg=f"letter {secrets.token_hex(8)}")


def send_gift(sender: Guest, owner: Guest, quantity: int) -> None:
    """Send a gift of a quantity."""
    sender.done("send_gift_mail", gn_target=owner.name, group_id=3, item_id=GIFT_ITEM, quantity=quantity)


def space(owner: Guest) -> int:
    """Return how many mails fit into a mailbox now."""
    count = owner.done("get_all_mail")["count"]
    return int(count["max"] - count["cur"])


def settled(party: Party, owner: Guest, *, there: int) -> None:
    """Wait until so many gifts are in the mailbox; no more may be, and the others have to wait for their room."""
    wait_for(lambda: hurry(party, owner) >= 0 and len(owner.mails(GIFT_MAIL)) >= there, WAIT_SECONDS,
             f"{there} gifts for {owner.name}")
    found, left, waiting = len(owner.mails(GIFT_MAIL)), space(owner), waiting_mails(party, owner)
    party.check(found == there, f"{found} gifts are in the mailbox, {there} fit")
    party.check(left >= 0, f"the mailbox holds {-left} mails too many")
    party.check(waiting == GIFTS - there, f"{waiting} gifts wait, {GIFTS - there} did not fit")
    [[claims]] = party.rows("SELECT COUNT(*) FROM claim WHERE uid = %s", owner.uid)
    party.check(claims == GIFTS, f"{claims} claims of {GIFTS} gifts that nobody has claimed")


def hurry(party: Party, owner: Guest) -> int:
    """Let the wait of two minutes after a try to deliver be over; return for how many it is."""
    return party.change("UPDATE outbox SET due = UTC_TIMESTAMP(3) WHERE kind = 'mail' AND JSON_VALUE(body, '$.uid') "
                        "= %s AND due > UTC_TIMESTAMP(3) + INTERVAL 30 SECOND", owner.uid)


def waiting_mails(party: Party, owner: Guest) -> int:
    """Return how many deliveries wait; the row of one that arrived stays for a moment and does not count."""
    rows = party.rows("SELECT JSON_VALUE(body, '$.key') FROM outbox WHERE kind = 'mail' "
                      "AND JSON_VALUE(body, '$.uid') = %s", owner.uid)
    there = {mail["key"] for mail in owner.done("get_all_mail")["mail"]}
    return sum(key not in there for (key,) in rows)


def make_room(owner: Guest, count: int) -> None:
    """Delete so many letters."""
    keys = [mail["key"] for mail in owner.mails(LETTER_MAIL)[:count]]
    at_once([partial(owner.done, "delete_mail", key=key) for key in keys])


def refused(party: Party, sender: Guest, owner: Guest) -> None:
    """Who is told that the mailbox is full has lost nothing: neither one of ten letters a day nor of six requests."""
    before = written(party, sender)
    letter = sender.call("send_mail", gn_target=owner.name, subj="hello", body="is there room?")
    party.check(letter["status"] == NOT_DELIVERED, f"a letter to a full mailbox: {letter}")
    request = sender.call("request_friend", gn_target=owner.name)
    party.check(request["status"] == MAILBOX_FULL, f"a request to a full mailbox: {request}")
    party.check(written(party, sender) == before, f"{sender.name} was refused, but something was written")


def written(party: Party, sender: Guest) -> list[object]:
    """Return all rows of a player in the tables of WRITTEN."""
    return [row for table in WRITTEN for row in party.rows(f"SELECT * FROM {table} WHERE uid = %s", sender.uid)]


def claim_all(party: Party, owner: Guest, quantities: Sequence[int]) -> None:
    """Claim all gifts on two connections at once: each is granted on one of them."""
    keys = [mail["key"] for mail in owner.mails(GIFT_MAIL)]
    answers = at_once([partial(claim, owner, keys, secrets.token_hex(16), first) for first in range(2)])
    amounts = Counter(amount for answer in answers for key in keys if (amount := granted(answer, key)))
    party.check(amounts == Counter(quantities), f"{dict(amounts)} were granted, given were {quantities}")
