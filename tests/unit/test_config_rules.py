"""The rules that no schema can say refuse what does not fit together."""

from collections.abc import Sequence
from typing import Any

import pytest

from apps.config import rules
from tests.support.game_data_folder import REMOVED, Keys, content, put

CLIENT = ("level_enemy_layouts_config", "monster_config")
FILES = sorted({name for _, names in rules.RULES for name in names})
CONTENTS: dict[str, Any] = {name: content(f"{'client' if name in CLIENT else 'server'}/{name}") for name in FILES}


def found(contents: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in rules.problems(contents, {name: f"{name}.json" for name in contents})]


def broken(name: str, *changes: tuple[Keys, Any]) -> list[str]:
    """Return the problems after ``changes`` of one file."""
    changed = content(f"{'client' if name in CLIENT else 'server'}/{name}")
    for keys, value in changes:
        put(changed, keys, value)
    return found(CONTENTS | {name: changed})


def test_the_project_breaks_no_rule() -> None:
    assert found(CONTENTS) == []


def test_a_rule_without_its_files_is_left_out() -> None:
    assert found({}) == []
    assert found({"level_enemy_layouts_config": CONTENTS["level_enemy_layouts_config"]}) == []


PRICE = CONTENTS["player"]["dark_market"]["segment"]["W5"]["diamond"]
STAGE = CONTENTS["stages"]["stage"]["1"]
WAVE: Keys = ["enemyLayouts", 3, "enemyLayout", 0, "enemyList", 0, "enemysPrefString"]

BROKEN: list[tuple[str, Sequence[tuple[Keys, Any]], str]] = [
    ("world", [(["worlds", 2, "id"], "s1"), (["worlds", 2, "merge"], "s1")],
     "$.worlds[2].id: the world 's1' is listed twice"),
    ("world", [(["worlds", 2, "merge"], "s77")], "$.worlds[2].merge: 's77' is not a world of this list"),
    ("world", [(["worlds", 1, "merge"], "s2"), (["worlds", 2, "merge"], "s3")],
     "$.worlds[1].merge: 's2' is itself merged into 's3'"),
    ("player_experience", [(["player_level", "experience", 5], 1)],
     "$.player_level.experience[5]: 1 comes after 1200; the numbers have to rise"),
    ("player_experience", [(["player_level", "experience", 1], 0)],
     "$.player_level.experience[1]: 0 comes after 0; the numbers have to rise"),
    ("player_experience", [(["player_level", "max_level"], 301)],
     "$.player_level.max_level: is 301, but there are 300 thresholds"),
    ("vip_config", [(["vip_level", "experience", 1], 60)],
     "$.vip_level.experience[1]: 60 comes after 60; the numbers have to rise"),
    ("vip_config", [(["vip_daily_reward", "14"], REMOVED)], "$.vip_daily_reward: VIP level 14 is missing"),
    ("vip_config", [(["vip_special_package", "0"], REMOVED)], "$.vip_special_package: VIP level 0 is missing"),
    ("family", [(["level", "exp", 3], 200)], "$.level.exp[3]: 200 comes after 200; the numbers have to rise"),
    ("family", [(["general", "members", "base"], 51)], "$.general.members.base: 51 is more than max, 50"),
    ("achievement", [(["1", "qty"], [1])], "$['1']: count has 10 entries, qty has 1"),
    ("achievement", [(["1", "count", 1], 1)], "$['1'].count[1]: 1 comes after 1; the numbers have to rise"),
    ("weapon_config", [(["standard_costs", "upgrade_lv", "iron", 1], 999)],
     "$.standard_costs.upgrade_lv.iron[2]: 58 comes after 999; the numbers have to rise"),
    ("new_player", [(["weapons", 1, "wid"], 301)], "$.weapons[1].wid: 301 is listed twice"),
    ("player", [(["friend_gifts"], ["3:1:5", "3:2:5", "3:1:7"])], "$.friend_gifts[2]: 3:1 is listed twice"),
    ("player", [(["icons"], ["1"])], "$.icons: '0' is missing, which players have who choose none"),
    ("player", [(["dark_market", "weights"], [1])], "$.dark_market.weights: 1 weights for 4 names"),
    ("player", [(["dark_market", "T2"], REMOVED)], "$.dark_market: the goods of tier 'T2' are missing"),
    ("player", [(["dark_market", "names", 0], "cid")], "$.dark_market: the goods of tier 'cid' are missing"),
    ("player", [(["dark_market", "T1", 0], "1")], "$.dark_market.T1[0]: there is no price for '1'"),
    ("player", [(["dark_market", "T1", 0], "R201")], "$.dark_market.T1[0]: there is no price for 'R201'"),
    ("player", [(["dark_market", "segment", "W5", "gold"], PRICE)],
     "$.dark_market.segment.W5.gold: 'gold' is not a currency of cid"),
    ("player", [(["dark_market", "items", "8", "diamond", "cost_range_min"], 999)],
     "$.dark_market.items['8'].diamond.cost_range_min: 999 is more than cost_range_max, 120"),
    ("player", [(["dark_market", "skill", "coin", "cost_range_min"], 999_999)],
     "$.dark_market.skill.coin.cost_range_min: 999999 is more than cost_range_max, 120000"),
    ("factory", [(["general", "upgrade_cost", "-2", "4"], REMOVED)],
     "$.general.upgrade_cost['-2']: the entry 4 is missing"),
    ("factory", [(["general", "storage_limits", "2", "20"], REMOVED)],
     "$.general.storage_limits['2']: the entry 20 is missing"),
    ("factory", [(["general", "worker_limits", "0", "1"], REMOVED)],
     "$.general.worker_limits['0']: the entry 1 is missing"),
    ("factory", [(["workers", "cost", "40"], REMOVED)], "$.workers.cost: the entry 40 is missing"),
    ("factory", [(["wishing_pool", "roll", "weights"], [1])],
     "$.wishing_pool.roll: population and weights are of different length"),
    ("factory", [(["wishing_pool", "base_recover"], 10)],
     "$.wishing_pool.base_recover: 10 hours are used up by 10 levels of the pool"),
    ("stages", [(["stage", "1000"], STAGE)], "$.stage['1000']: this number belongs to no mode"),
    ("stages", [(["stage", "3001", "boss"], REMOVED)], "$.stage['3001']: a boss stage without boss"),
    ("stages", [(["stage", "1", "constraint", "random"], 1), (["stage", "1", "rewards", "common"], [])],
     "$.stage['1'].rewards.common: nothing to pick a random reward from"),
    ("stages", [(["mopping-up", "61"], CONTENTS["stages"]["mopping-up"]["1"])],
     "$['mopping-up']['61']: there is no stage of this number"),
    ("stages", [(["hang-up", "1099"], CONTENTS["stages"]["hang-up"]["1001"])],
     "$['hang-up']['1099']: there is no stage of this number"),
    ("level_enemy_layouts_config", [(WAVE, "Kraken")],
     "$.enemyLayouts[3].enemyLayout[0].enemyList[0].enemysPrefString: 'Kraken' is not in monster_config.json"),
]


@pytest.mark.parametrize(("name", "changes", "said"), BROKEN)
def test_broken_data_is_refused(name: str, changes: Sequence[tuple[Keys, Any]], said: str) -> None:
    assert broken(name, *changes) == [f"{name}.json: {said}"]


def test_each_rule_is_tested_with_something_broken() -> None:
    said = {name for name, _, _ in BROKEN}
    assert {names[0] for _, names in rules.RULES} <= said


def test_a_merge_of_one_hop_is_fine() -> None:
    assert broken("world", (["worlds", 1, "merge"], "s2"), (["worlds", 3, "merge"], "s2")) == []


def test_a_cycle_of_merges_is_refused() -> None:
    assert len(broken("world", (["worlds", 1, "merge"], "s2"), (["worlds", 2, "merge"], "s1"))) == 2


def test_comments_are_no_stages() -> None:
    assert broken("stages", (["stage", "comment"], "x"), (["stage", "eg"], {}), (["mopping-up", "eg"], {})) == []
