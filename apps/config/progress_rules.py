"""Rules of worlds, levels and what a player begins with."""

from collections.abc import Iterator, Sequence
from typing import Any

Finding = tuple[str, str]
Content = dict[str, Any]


def worlds(world: Content) -> Iterator[Finding]:
    """Ids are unique; a world is merged into itself or into one that is not merged itself (one hop, no chains)."""
    targets: dict[str, str] = {}
    for index, entry in enumerate(world["worlds"]):
        if entry["id"] in targets:
            yield f"$.worlds[{index}].id", f"the world {entry['id']!r} is listed twice"
        targets[entry["id"]] = entry["merge"]
    for index, entry in enumerate(world["worlds"]):
        target = entry["merge"]
        if target not in targets:
            yield f"$.worlds[{index}].merge", f"{target!r} is not a world of this list"
        elif targets[target] != target:
            yield f"$.worlds[{index}].merge", f"{target!r} is itself merged into {targets[target]!r}"


def player_levels(player_experience: Content) -> Iterator[Finding]:
    """Thresholds rise, and there are as many as levels."""
    level = player_experience["player_level"]
    thresholds = level["experience"]
    yield from rising("$.player_level.experience", thresholds)
    if level["max_level"] != len(thresholds):
        yield "$.player_level.max_level", f"is {level['max_level']}, but there are {len(thresholds)} thresholds"


def vip_levels(vip_config: Content) -> Iterator[Finding]:
    """Thresholds rise; every level has its daily reward and its package."""
    thresholds = vip_config["vip_level"]["experience"]
    yield from rising("$.vip_level.experience", thresholds)
    for part in ("vip_daily_reward", "vip_special_package"):
        for level in range(len(thresholds) + 1):
            if str(level) not in vip_config[part]:
                yield f"$.{part}", f"VIP level {level} is missing"


def families(family: Content) -> Iterator[Finding]:
    """Thresholds rise; the size of a family does not begin above its end."""
    yield from rising("$.level.exp", family["level"]["exp"])
    members = family["general"]["members"]
    if members["base"] > members["max"]:
        yield "$.general.members.base", f"{members['base']} is more than max, {members['max']}"


def achievements(achievement: Content) -> Iterator[Finding]:
    """Every threshold has its diamonds, and the thresholds rise."""
    for aid, tiers in achievement.items():
        if not aid.isdigit():
            continue
        if len(tiers["count"]) != len(tiers["qty"]):
            yield f"$['{aid}']", f"count has {len(tiers['count'])} entries, qty has {len(tiers['qty'])}"
        yield from rising(f"$['{aid}'].count", tiers["count"])


def weapon_costs(weapon_config: Content) -> Iterator[Finding]:
    """The cost from level 1 to n never falls with n."""
    iron = weapon_config["standard_costs"]["upgrade_lv"]["iron"]
    yield from rising("$.standard_costs.upgrade_lv.iron", iron, least=0)


def new_player(new_player: Content) -> Iterator[Finding]:
    """Nobody begins with two rows of the same thing."""
    for part, key in (("factory", "fid"), ("roles", "rid"), ("weapons", "wid")):
        seen = set()
        for index, row in enumerate(new_player[part]):
            if row[key] in seen:
                yield f"$.{part}[{index}].{key}", f"{row[key]} is listed twice"
            seen.add(row[key])


def icons(player: Content) -> Iterator[Finding]:
    """Who chooses no picture gets 0, so a list of pictures has it."""
    if "0" not in player.get("icons", ["0"]):
        yield "$.icons", "'0' is missing, which players have who choose none"


def friend_gifts(player: Content) -> Iterator[Finding]:
    """Each item that can be given has one number a day."""
    seen = set()
    for index, text in enumerate(player.get("friend_gifts", [])):
        thing = text.rpartition(":")[0]
        if thing in seen:
            yield f"$.friend_gifts[{index}]", f"{thing} is listed twice"
        seen.add(thing)


def rising(path: str, numbers: Sequence[int], least: int = 1) -> Iterator[Finding]:
    """Yield the first place where ``numbers`` do not grow by at least ``least``."""
    for index in range(1, len(numbers)):
        if numbers[index] - numbers[index - 1] < least:
            yield f"{path}[{index}]", f"{numbers[index]} comes after {numbers[index - 1]}; the numbers have to rise"
            return
