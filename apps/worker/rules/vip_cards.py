"""VIP cards: two that last a month, and a permanent one.

The item of a card says how many a player holds, the running one included; a timer says when the running one ends. A
month card that came as an item, from a gift for example, is not lost: it begins to run as soon as no other one does.
``settle`` is the only place where cards begin and end. Whoever only reads asks it as well, and writes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.worker.module.enums import Item, Timer
from apps.worker.rules import items, shanghai, timers
from apps.worker.unit_of_work import Work
from common.mysql import Statements

MONTH = timedelta(days=31)
FOREVER = -1


@dataclass(frozen=True)
class Card:
    """A kind of card: its names in answers and in the game data; ``timer`` is None for the permanent one."""

    name: str
    rule: str
    item: Item
    timer: Timer | None


MIN = Card("min_card", "min", Item.VIP_CARD_MIN, Timer.VIP_MIN_END)
MAX = Card("max_card", "max", Item.VIP_CARD_MAX, Timer.VIP_MAX_END)
PERPETUAL = Card("perpetual_card", "permanent", Item.VIP_CARD_PERPETUAL, None)
CARDS = (MIN, MAX, PERPETUAL)
BY_ID: Mapping[int, Card] = {int(card.item): card for card in CARDS}


@dataclass(frozen=True)
class Held:
    """The cards of one kind that a player holds, and when the running one ends; the permanent one never does."""

    count: int
    end: datetime | None = None

    def seconds_left(self, card: Card, now: datetime) -> int:
        """Return whole seconds that a settled card still runs, 0 without one, FOREVER for the permanent one."""
        if card.timer is None:
            return FOREVER if self.count else 0
        return 0 if self.end is None else int((self.end - now).total_seconds())


def settle(held: Held, now: datetime) -> Held:
    """Return the month cards of now: the one that ran out is gone, and the next one that is held runs."""
    if held.end is not None and held.end > now:
        return held
    left = held.count if held.end is None else held.count - 1
    return Held(left, now + MONTH) if left > 0 else Held(0)


def prolong(held: Held, now: datetime) -> Held:
    """Return settled month cards after another month was added."""
    return Held(1, now + MONTH) if held.end is None else Held(held.count, held.end + MONTH)


def held_cards(db: Statements, uid: str, now: datetime) -> dict[Card, Held]:
    """Return the cards of now, without changing anything."""
    return {card: _settled(card, held, now) for card, held in _stored(db, uid).items()}


def settle_all(db: Work, uid: str, now: datetime) -> dict[Card, Held]:
    """Return the cards of now, and write down which of them ended and began."""
    stored = _stored(db, uid)
    settled = {card: _settled(card, held, now) for card, held in stored.items()}
    for card, held in settled.items():
        _write(db, uid, card, stored[card], held)
    return settled


def activate(db: Work, uid: str, card: Card, now: datetime) -> dict[str, int]:
    """Give a card that runs at once: a month more, or for ever. Return what clients get of it.

    The caller holds the player's lock, and has made sure that the card is paid.
    """
    stored = _stored(db, uid)[card]
    after = Held(max(1, stored.count)) if card.timer is None else prolong(settle(stored, now), now)
    _write(db, uid, card, stored, after)
    return {"cooling_time": after.seconds_left(card, now), "card_id": int(card.item)}


def _settled(card: Card, held: Held, now: datetime) -> Held:
    return held if card.timer is None else settle(held, now)


def _stored(db: Statements, uid: str) -> dict[Card, Held]:
    rows = db.all("SELECT iid, value FROM item WHERE uid = %s AND iid IN (%s, %s, %s)", uid, *BY_ID)
    counts: dict[int, int] = dict(rows)
    moments = timers.all_timers(db, uid)
    return {card: Held(counts.get(card.item, 0), moments.get(card.timer) if card.timer else None) for card in CARDS}


def _write(db: Work, uid: str, card: Card, before: Held, after: Held) -> None:
    """Write a difference; a timer that is over becomes empty, so that its end counts once."""
    if after.count > before.count:
        items.grant(db, uid, [items.item(card.item, after.count - before.count)])
    elif after.count < before.count:
        items.pay(db, uid, [items.item(card.item, before.count - after.count)])
    if card.timer is not None and after.end != before.end:
        timers.set_timer(db, uid, card.timer, shanghai.moment_text(after.end) if after.end else "")
