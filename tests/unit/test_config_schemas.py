"""The schemas refuse broken data, and say where and why."""

from pathlib import Path
from typing import Any

import pytest

from apps.config.files import JsonFiles
from apps.config.problems import Problem
from apps.config.schemas import MOST_PROBLEMS, Schemas
from tests.support.game_data_folder import GAME_DATA, REMOVED, VERSION, Keys, content, put

PREFIX = f"{VERSION}/schemas"
FOLDERS = [PREFIX, f"{PREFIX}/server", f"{PREFIX}/client"]


def project_schemas() -> dict[str, Any]:
    files = JsonFiles(GAME_DATA, 10**7)
    return {name: file.content for name, file in files.read(files.scan(FOLDERS)).items()}


SCHEMAS = Schemas(project_schemas())


def problems(name: str, changed: Any) -> list[Problem]:
    return SCHEMAS.problems(f"{PREFIX}/{name}.schema.json", f"{name}.json", changed)


WRONG: tuple[Any, ...] = ([], "text", None, 5, {})
"""No file of game data is any of these."""

BROKEN: list[tuple[str, str, Any, str]] = [
    # file, place, value, part of the reason
    ("server/world", "worlds", REMOVED, "'worlds' is a required property"),
    ("server/world", "worlds", [], "should be non-empty"),
    ("server/world", "worlds/1/id", "S1", "'S1' is not a world id"),
    ("server/world", "worlds/1/id", "s1\n", "is not a world id"),
    ("server/world", "worlds/1/id", "../s1", "is not a world id"),
    ("server/world", "worlds/1/id", 1, "1 is not of type 'string'"),
    ("server/world", "worlds/1/status", -1, "less than the minimum"),
    ("server/world", "worlds/1/status", "0", "is not of type 'integer'"),
    ("server/world", "worlds/1/merg", "s1", "'merg' was unexpected"),
    ("server/world", "worlds/1/name", "", "non-empty"),
    ("server/player", "energy/cooling_time", 0, "minimum of 1"),
    ("server/player", "energy/max_energy", 120.0, "is not of type 'integer'"),
    ("server/player", "energy/max_energy", True, "is not of type 'integer'"),
    ("server/player", "friend_gifts/0", "0:301:5", "'0:301:5' is not an item string"),
    ("server/player", "friend_gifts/0", "3:1:0", "'3:1:0' is not an item string"),
    ("server/player", "icons", [], "should be non-empty"),
    ("server/player", "icons", ["x", "x"], "has non-unique elements"),
    ("server/player", "dark_market/T1/0", "24", "is not the name of a weapon or role"),
    ("server/player", "dark_market/T1/0", "W111", "is not the name of a weapon or role"),
    ("server/player", "dark_market/cid/gold", 24, "24 is not an item id"),
    ("server/player", "dark_market/skill/coin/cost_range_min", 0, "minimum of 1"),
    ("server/player_experience", "player_level/experience/0", 1, "0 was expected"),
    ("server/player_experience", "player_level/experience", [], "non-empty"),
    ("server/vip_config", "vip_level/experience/0", 0, "minimum of 1"),
    ("server/vip_config", "vip_daily_reward/3/24", 1, "'24' is not an item id"),
    ("server/vip_config", "vip_daily_reward/3/1", -5, "minimum of 0"),
    ("server/vip_config", "vip_special_package/3/package/0", "3:10", "'3:10' is not an item string"),
    ("server/task", "login", REMOVED, "'login' is a required property"),
    ("server/task", "log_in", {"item_id": 5, "quantity": 1}, "'log_in' was unexpected"),
    ("server/task", "login/item_id", 35, "35 is not an item id"),
    ("server/task", "login/quantity", 0, "minimum of 1"),
    ("server/achievement", "x", {"count": [1], "qty": [1]}, "'x' does not match"),
    ("server/achievement", "1/count", [], "non-empty"),
    ("server/achievement", "1/qty/0", -1, "minimum of 0"),
    ("server/check_in", "reward/7", "3:5:1", "'7' was unexpected"),
    ("server/check_in", "reward/6", REMOVED, "'6' is a required property"),
    ("server/check_in", "consume/0", "0:101:5", "is not an item string 3:iid:qty"),
    ("server/family", "general/costs/create", "2:101:5", "is not an item string 3:"),
    ("server/family", "general/itimes", -1, "minimum of 0"),
    ("server/family", "store/goods/1", {"3:36:0": "3:6:1"}, "'3:36:0' is not"),
    ("server/family", "store/goods/1/3:36:80", "3:6:0", "'3:6:0' is not"),
    ("server/family", "store/goods/1", {}, "non-empty"),
    ("server/family", "level/exp/0", 5, "0 was expected"),
    ("server/package", "exchange_card/COIN_CARD/mid", 24, "24 is not an item"),
    ("server/package", "exchange_card/VIP_EXP_CARD/mid", "gn", "is not exp"),
    ("server/package", "exchange_card/COIN_CARD/sqltable", "account", "one"),
    ("server/package", "exchange_item/COIN", 1, "'COIN' was unexpected"),
    ("server/mall", "DIAMOND_MIN/price/RMB", 0, "less than or equal to the minimum"),
    ("server/mall", "DIAMOND_MIN/repeatable", True, "is not one of"),
    ("server/mall", "diamond", {}, "'diamond' does not match"),
    ("server/weapon_config", "standard_costs/upgrade_lv/iron", [0, 5], "short"),
    ("server/weapon_config", "standard_costs/upgrade_lv/iron/0", 5, "0 was"),
    ("server/roles", "standard_costs/unlock_ps/consume/111", {"lv": 1, "qty": 1}, "'111' does not match"),
    ("server/roles", "standard_costs/upgrade_lv/1", "60", "'integer'"),
    ("server/skills", "common/upgrade/6", 1.5, "greater than the maximum of 1"),
    ("server/sciences", "2", {"constraint": {"level": 1, "slv": 1}}, "'2' does not match"),
    ("server/factory", "general/step", 0, "minimum of 1"),
    ("server/factory", "general/costs/1/5", 1, "'5' does not match"),
    ("server/factory", "general/upgrade_cost/-2", REMOVED, "'-2' is a required"),
    ("server/factory", "wishing_pool/weapons/0", 100, "100 is not a weapon id"),
    ("server/stages", "stage/1/rewards/common/0", "3:1:-5", "is not an item"),
    ("server/stages", "stage/1/consumes/special/energy", -6, "minim"),
    ("server/stages", "stage/1/consumes/special/enrgy", 6, "'enrgy' was"),
    ("server/stages", "stage/1/constraint/random", 2, "2 is not 0 or 1"),
    ("server/stages", "stage/3001/boss/HP", 0, "minimum of 1"),
    ("server/stages", "hang-up/1001/rewards/explode/3:0:1", 5, "3:0:1"),
    ("server/stages", "constraint/hang-up/ENDLESS/step", 0, "minimum"),
    ("server/summon", "resource/COIN/constraint/times", REMOVED, "'times' is"),
    ("server/summon", "resource/DIAMOND/must/goods/0/mid/0", 41, "41 is not a weapon id"),
    ("server/summon", "resource/DIAMOND/must/goods/0/weight", 0, "minimum of 1"),
    ("server/summon", "convert/special/mid", 0, "0 is not a role id"),
    ("server/new_player", "energy", "full", "'full' is not max or a number of points"),
    ("server/new_player", "elements/1003", REMOVED, "'1003' is a required property"),
    ("server/new_player", "stages/1", 1, "minimum of 1000"),
    ("server/new_player", "weapons/0/star", 0, "minimum of 1"),
    ("server/new_player", "gift/items", [], "non-empty"),
    ("server/new_player", "gift/body", "hello", "is not one of"),
    ("server/notice", "notices/0/text", None, "is not of type 'string'"),
    ("client/monster_config", "MossSlime/HP", 0, "minimum of 1"),
    ("client/level_enemy_layouts_config", "enemyLayouts/0/enemyLayout/0/enemyList/0/count", 0, "minimum of 1"),
]


@pytest.mark.parametrize(("name", "place", "value", "reason"), BROKEN)
def test_broken_data_is_refused(name: str, place: str, value: Any, reason: str) -> None:
    changed = content(name)
    keys = way(changed, place)
    put(changed, keys, value)
    found = problems(name, changed)
    assert len(found) == 1
    assert found[0].path in (json_path(keys), json_path(keys[:-1]))
    assert reason in found[0].reason


def way(top: Any, place: str) -> list[str | int]:
    """Return the keys of a place like ``worlds/1/id``; in an array they are numbers."""
    keys: list[str | int] = []
    for part in place.split("/"):
        key = int(part) if isinstance(top, list) else part
        keys.append(key)
        top = top[key] if isinstance(key, int) else top.get(key)
    return keys


def json_path(keys: Keys) -> str:
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" if key.isidentifier() else f"['{key}']"
                         for key in keys)


def test_the_place_of_a_problem_is_told() -> None:
    changed = content("server/stages")
    changed["stage"]["1"]["rewards"]["common"][0] = "3:1:-5"
    assert [str(problem) for problem in problems("server/stages", changed)] == [
        "server/stages.json: $.stage['1'].rewards.common[0]: "
        "'3:1:-5' is not an item string gid:iid:qty of known ids"]


@pytest.mark.parametrize("name", [name.removeprefix(f"{PREFIX}/").removesuffix(".schema.json")
                                  for name in project_schemas() if "common" not in name])
def test_each_schema_is_tested_with_something_broken(name: str) -> None:
    assert name in {entry[0] for entry in BROKEN}
    assert all(problems(name, wrong) for wrong in WRONG)


@pytest.mark.parametrize("item", ["3:5:1", "3:46:999999999", "0:101:5", "0:610:1", "2:310:7", "1:40:1", "4:4:3"])
def test_good_item_strings(item: str) -> None:
    assert problems("server/check_in", {"reward": {str(n): item for n in range(7)}, "consume": []}) == []


@pytest.mark.parametrize("item", [
    "", "3:5", "3:5:0", "3:5:-1", "3:5:1.5", "3:5:01", "3:5:1\n", " 3:5:1", "3:05:1", "3:0:1", "3:24:1", "3:35:1",
    "3:47:1", "5:1:1", "-1:1:1", "0:100:1", "0:111:1", "0:711:1", "2:50:1", "1:0:1", "1:41:1", "4:5:1", "3:5:1,3:1:1",
    "3:5:1000000000", "３:5:1", 351, None,
])
def test_bad_item_strings(item: object) -> None:
    found = problems("server/check_in", {"reward": {str(n): item for n in range(7)}, "consume": []})
    assert len(found) == 7


@pytest.mark.parametrize("name", ["server/roles", "server/stages"])
def test_comments_may_stand_anywhere(name: str) -> None:
    def comment(value: Any) -> Any:
        if isinstance(value, dict):
            return {"comment": "as designers wish", "eg": 1} | {key: comment(inner) for key, inner in value.items()}
        return value

    assert problems(name, comment(content(name))) == []


def test_a_file_of_another_shape_does_not_flood() -> None:
    found = problems("server/player_experience", {"player_level": {"max_level": 1, "experience": ["x"] * 900}})
    assert len(found) == MOST_PROBLEMS + 1
    assert found[-1].reason == f"and {901 - MOST_PROBLEMS} more problems"


def test_a_long_value_is_cut() -> None:
    found = problems("server/world", {"worlds": "x" * 10_000})
    assert len(str(found[0])) < 400


def test_a_broken_schema_is_told() -> None:
    schemas = Schemas({"x.schema.json": {"type": "objekt"}, "y.schema.json": [], "z.schema.json": {}})
    faults = schemas.faults()
    assert [fault.file for fault in faults] == ["x.schema.json", "y.schema.json"]
    assert faults[0].path == "$.type"


def test_a_schema_never_leaves_its_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    for target in (outside.as_uri(), "http://127.0.0.1:1/x.json", "../gone.schema.json"):
        found = Schemas({"a/x.schema.json": {"$ref": target}}).problems("a/x.schema.json", "x.json", {})
        assert "refers to a schema that is not there" in found[0].reason


@pytest.mark.parametrize("icon", ["a b", "", "x" * 17, "fox\n", "狐", 1, None])
def test_what_is_no_icon(icon: object) -> None:
    player = content("server/player")
    assert problems("server/player", player | {"icons": ["0", "fox"]}) == []
    assert problems("server/player", player | {"icons": ["0", icon]})[0].path == "$.icons[1]"
