"""VIP: what the cards give every day, and packages for diamonds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Unpack

from apps.worker.field_types import Number
from apps.worker.module.common import FreeTools, GameError, ReadTools, Reply, Tools, ok
from apps.worker.module.enums import Item, Timer
from apps.worker.rules import items, shanghai, timers, vip, vip_cards
from apps.worker.rules.items import NotEnoughError
from apps.worker.rules.vip_cards import CARDS, MAX, MIN, Card
from apps.worker.unit_of_work import Work
from common.mysql import Statements

NEVER = -1

DailySet = Mapping[str, int]
"""What one card gives a day: quantities by item id as text, some of them 0."""


def get_info_vip(uid: str, **kwargs: Unpack[ReadTools]) -> Reply:
    """Show level and cards; ``cooling_time`` is -1 when the daily reward was never taken, else seconds left."""
    db, now = kwargs["db"], kwargs["now"].replace(microsecond=0)
    held = vip_cards.held_cards(db, uid, now)
    left = {card: held[card].seconds_left(card, now) for card in CARDS}
    return ok({
        "exp_info": vip.info(db, uid, kwargs["config"]),
        **{card.name: left[card] != 0 for card in CARDS},
        "min_seconds": left[MIN],
        "max_seconds": left[MAX],
        "cooling_time": _cooling(db, uid, now),
    })


def get_vip_daily_reward(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """Take what each card gives, and its VIP experience before it. 99: too early. 98: no card runs."""
    db, config, now = kwargs["db"], kwargs["config"]["vip_config"], kwargs["now"].replace(microsecond=0)
    if _cooling(db, uid, now) > 0:
        raise GameError(99, "too early")
    held = vip_cards.settle_all(db, uid, now)
    running = [card for card in CARDS if held[card].seconds_left(card, now)]
    if not running:
        raise GameError(98, "no card runs")
    ready = now + timedelta(seconds=config["vip_daily_reward"]["cooling_time"])
    timers.set_timer(db, uid, Timer.VIP_COOLING, shanghai.moment_text(ready))
    exp_info, sets = _add_exp(db, uid, running, kwargs["config"])
    left = _grant_sets(db, uid, sets)
    cards = {card.name: {"card": True, "item": left[card]} if card in left else {"card": False} for card in CARDS}
    return ok({"remaining": {**cards, "exp_info": exp_info},
               "reward": {card.name: {"item": _listed(sets[card])} if card in sets else {} for card in CARDS}})


def purchase_vip_gift(uid: str, tier: Number = None, **kwargs: Unpack[Tools]) -> Reply:
    """Buy a package, as often as wanted. 99: the VIP level is too low, or no such package. 98: too few diamonds."""
    db, config = kwargs["db"], kwargs["config"]
    exp_info = vip.info(db, uid, config)
    package = config["vip_config"]["vip_special_package"].get(str(tier))
    if package is None or tier is None or tier > exp_info["level"]:
        raise GameError(99, "no such package for this VIP level")
    price = package["cast_diamond"]
    try:
        left = items.pay(db, uid, [items.item(Item.DIAMOND, price)]).remain[0]
    except NotEnoughError as error:
        raise GameError(98, "too few diamonds") from error
    gifts = items.grant(db, uid, items.parse_all(package["package"]))
    return ok({"remaining": {"diamond": _numbers(left)[2], "gifts": _gifts(gifts.remain)},
               "reward": {"diamond": -price, "gifts": _gifts(gifts.reward)}, "exp_info": exp_info})


def purchase_vip_card(**kwargs: Unpack[FreeTools]) -> Reply:  # noqa: ARG001  # what every function takes
    """Refuse: cards are for money, and only a verified payment gives one. 99: always."""
    raise GameError(99, "cards are bought with a verified payment only")


def _cooling(db: Statements, uid: str, now: datetime) -> int:
    ready = timers.get_timer(db, uid, Timer.VIP_COOLING)
    return NEVER if ready is None else max(0, int((ready - now).total_seconds()))


def _add_exp(db: Work, uid: str, running: list[Card], config: Mapping[str, Any]
             ) -> tuple[dict[str, int], dict[Card, DailySet]]:
    """Add the VIP experience of each card; return the experience of now, and the set of each card's level by then."""
    rule = config["vip_config"]
    sets, total, exp_info = {}, 0, {}
    for card in running:
        exp_info = vip.add_exp(db, uid, rule["card_increase_experience"][card.rule], config)
        total += exp_info["reward"]
        sets[card] = rule["vip_daily_reward"][str(exp_info["level"])]
    return exp_info | {"reward": total}, sets


def _grant_sets(db: Work, uid: str, sets: Mapping[Card, DailySet]) -> dict[Card, list[dict[str, object]]]:
    """Grant the sets; return the balances after each."""
    iids = sorted({int(iid) for content in sets.values() for iid in content})
    have = items.balances(db, uid, iids) if iids else {}
    left: dict[Card, list[dict[str, object]]] = {}
    for card, content in sets.items():
        have |= {int(iid): have[int(iid)] + quantity for iid, quantity in content.items()}
        left[card] = _listed({iid: have[int(iid)] for iid in content})
    items.grant(db, uid, [items.item(Item(int(iid)), quantity)
                          for content in sets.values() for iid, quantity in content.items() if quantity])
    return left


def _listed(content: DailySet) -> list[dict[str, object]]:
    return [{"iid": iid, "value": value} for iid, value in content.items()]


def _gifts(texts: list[str]) -> list[dict[str, int]]:
    return [dict(zip(("gid", "mid", "qty"), _numbers(text), strict=True)) for text in texts]


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(":")]
