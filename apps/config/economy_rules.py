"""Rules of shops, factories and stages."""

from collections.abc import Iterator
from typing import Any

Finding = tuple[str, str]
Content = dict[str, Any]

STAGE_NUMBERS = {
    "general": range(1, 1000),
    "endless": range(1001, 2000),
    "boss": range(3001, 4000),
    "coin": range(4001, 4150),
    "exp": range(4151, 4300),
}
"""Stage numbers of each mode."""

PRODUCING = ("0", "1", "2")
"""Factories of food, iron and crystal: those with levels and stores."""


def dark_market(player: Content) -> Iterator[Finding]:
    """Every tier has a weight and goods; all goods can be priced, in known currencies; no range is upside down."""
    market = player["dark_market"]
    if len(market["names"]) != len(market["weights"]):
        yield "$.dark_market.weights", f"{len(market['weights'])} weights for {len(market['names'])} names"
    for tier in market["names"]:
        if not isinstance(market.get(tier), list):
            yield "$.dark_market", f"the goods of tier {tier!r} are missing"
            continue
        for index, goods in enumerate(market[tier]):
            if _pricing(market, goods) is None:
                yield f"$.dark_market.{tier}[{index}]", f"there is no price for {goods!r}"
    yield from _pricings(market)


def _pricing(market: Content, goods: str) -> Content | None:
    if goods.isdigit():
        found: Content | None = market["items"].get(goods)
    else:
        found = market["skill"] if goods.startswith("S") else market["segment"].get(goods[:2])
    return found


def _pricings(market: Content) -> Iterator[Finding]:
    blocks = [("skill", market["skill"])]
    blocks += [(f"items['{name}']", block) for name, block in market["items"].items()]
    blocks += [(f"segment.{name}", block) for name, block in market["segment"].items()]
    for name, block in blocks:
        for currency, price in block.items():
            path = f"$.dark_market.{name}.{currency}"
            if currency not in market["cid"]:
                yield path, f"{currency!r} is not a currency of cid"
            yield from _upside_down(path, price)


def _upside_down(path: str, price: Content) -> Iterator[Finding]:
    for lower, upper in (("multiple_min", "multiple_max"), ("quantity_min", "quantity_max"),
                         ("cost_range_min", "cost_range_max")):
        if lower in price and price[lower] > price[upper]:
            yield f"{path}.{lower}", f"{price[lower]} is more than {upper}, {price[upper]}"


def factories(factory: Content) -> Iterator[Finding]:
    """Levels follow each other without a gap, and each has its limits; each next worker has a price."""
    general = factory["general"]
    for fid, costs in general["upgrade_cost"].items():
        yield from _gapless(f"$.general.upgrade_cost['{fid}']", costs, first=2)
    for part in ("storage_limits", "worker_limits"):
        for fid in PRODUCING:
            top = max(map(int, general["upgrade_cost"][fid]), default=1)
            yield from _gapless(f"$.general.{part}['{fid}']", general[part][fid], first=1, last=top)
    prices = factory["workers"]["cost"]
    yield from _gapless("$.workers.cost", prices, first=min(map(int, prices)), last=factory["workers"]["max"])


def _gapless(path: str, levels: Content, first: int, last: int = 0) -> Iterator[Finding]:
    there = set(map(int, levels))
    missing = sorted(set(range(first, max(there | {last}) + 1)) - there)
    if missing:
        yield path, f"the entry {missing[0]} is missing"


def wishing_pool(factory: Content) -> Iterator[Finding]:
    """Each outcome has a weight; the best pool still has to recover (hours fall by one a level)."""
    pool = factory["wishing_pool"]
    if len(pool["roll"]["population"]) != len(pool["roll"]["weights"]):
        yield "$.wishing_pool.roll", "population and weights are of different length"
    top = max(map(int, factory["general"]["upgrade_cost"]["-2"]), default=1)
    if pool["base_recover"] <= top:
        yield "$.wishing_pool.base_recover", f"{pool['base_recover']} hours are used up by {top} levels of the pool"


def stages(stages: Content) -> Iterator[Finding]:
    """Stage numbers belong to a mode; bosses have health; sweeping and hanging up name stages that exist."""
    for number, stage in _numbered(stages["stage"]):
        path = f"$.stage['{number}']"
        if not any(number in numbers for numbers in STAGE_NUMBERS.values()):
            yield path, "this number belongs to no mode"
        if number in STAGE_NUMBERS["boss"] and "boss" not in stage:
            yield path, "a boss stage without boss"
        if stage["constraint"]["random"] and not stage["rewards"]["common"]:
            yield f"{path}.rewards.common", "nothing to pick a random reward from"
    for part in ("mopping-up", "hang-up"):
        for number, _ in _numbered(stages[part]):
            if str(number) not in stages["stage"]:
                yield f"$['{part}']['{number}']", "there is no stage of this number"


def _numbered(entries: Content) -> list[tuple[int, Any]]:
    """Leave out comments and examples."""
    return [(int(key), value) for key, value in entries.items() if key.isdigit()]


def enemies(layouts: Content, monsters: Content) -> Iterator[Finding]:
    """Every enemy of a layout is a monster."""
    for level, layout in enumerate(layouts["enemyLayouts"]):
        for wave, group in enumerate(layout["enemyLayout"]):
            for index, enemy in enumerate(group["enemyList"]):
                if enemy["enemysPrefString"] not in monsters:
                    path = f"$.enemyLayouts[{level}].enemyLayout[{wave}].enemyList[{index}].enemysPrefString"
                    yield path, f"{enemy['enemysPrefString']!r} is not in monster_config.json"
