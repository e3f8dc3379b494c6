"""Empties mailboxes: list, claim what can be claimed, mark the rest as read, delete."""

from typing import Any

from tests.faults.caller import Caller, attempt
from tests.faults.journal import Attempt
from tests.faults.people import GIFT_ITEM, Person

KIND = "mail"
ACCEPT, DELETE = "accept_gifts", "delete_read_mail"


def empty(caller: Caller, owner: Person) -> bool:
    """Empty a box; False when a request got no answer. Nothing is begun before what is open was repeated."""
    with owner.reading:
        if not all(repeat(caller, owner, old) for old in owner.journal.open):
            return False
        box = caller.read(owner, KIND, "get_all_mail")
        if box is None:
            return False
        gifts = owner.box.listed(box["mail"])
        others = [mail["key"] for mail in box["mail"] if mail["key"] not in gifts]
        return not (gifts or others) or (_accept(caller, owner, gifts, others) and _delete(caller, owner))


def repeat(caller: Caller, owner: Person, old: Attempt) -> bool:
    """Make an attempt once more, under the same id; whether it was acknowledged."""
    known = old.answer is not None
    data = caller.write(owner, KIND, old)
    if data is None:
        return False
    if not known:
        note(owner, old, data)
    return True


def note(owner: Person, done: Attempt, data: dict[str, Any]) -> None:
    """Take what the first good answer of an attempt says about the box."""
    if done.function == ACCEPT:
        owner.box.grant(data["success"])
        done.effects = {GIFT_ITEM: sum(thing["reward"] for things in data["success"].values() for thing in things)}
    elif done.function == DELETE:
        owner.box.delete(data["keys"])


def _accept(caller: Caller, owner: Person, gifts: list[str], others: list[str]) -> bool:
    most = sum(owner.box.quantity(key) for key in gifts)
    return _make(caller, owner, attempt(ACCEPT, {GIFT_ITEM: most}, gift=gifts, other=others))


def _delete(caller: Caller, owner: Person) -> bool:
    return _make(caller, owner, attempt(DELETE, {}))


def _make(caller: Caller, owner: Person, new: Attempt) -> bool:
    return repeat(caller, owner, owner.journal.begin(new))
