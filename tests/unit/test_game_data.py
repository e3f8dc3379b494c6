"""The game data of this project: sound, complete, and with the numbers that players and clients rely on."""

import re
from typing import Any

import pytest

from apps.config.catalogue import Loader
from apps.config.economy_rules import STAGE_NUMBERS
from apps.worker.module import enums
from tests.support.game_data_folder import GAME_DATA, VERSION, content

FILES = sorted(path.relative_to(GAME_DATA / VERSION).as_posix().removesuffix(".json")
               for side in ("server", "client") for path in (GAME_DATA / VERSION / side).glob("*.json"))
COMMON = content("schemas/common.schema")["$defs"]
ITEM = re.compile(r"([0-4]):([0-9]+):([0-9]+)")
GROUPS: dict[int, type[Any]] = {0: enums.Weapon, 1: enums.Skill, 2: enums.Role, 3: enums.Item, 4: enums.Armor}


def texts(value: Any) -> list[str]:
    """Return all texts in ``value``, keys of objects too."""
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in (key, *texts(inner))]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []


def test_it_is_sound() -> None:
    outcome = Loader(GAME_DATA, "", 10**7).load()
    assert outcome is not None
    assert outcome.problems == ()


@pytest.mark.parametrize("name", FILES)
def test_every_item_string_names_what_the_server_knows(name: str) -> None:
    for text in texts(content(name)):
        match = ITEM.fullmatch(text)
        if match:
            gid, iid, quantity = map(int, match.groups())
            assert GROUPS[gid](iid)
            assert quantity > 0


@pytest.mark.parametrize(("definition", "known"), [
    ("weapon_id", enums.Weapon), ("role_id", enums.Role), ("skill_id", enums.Skill), ("item_id", enums.Item),
    ("armor_id", enums.Armor),
])
def test_the_schemas_know_the_same_ids_as_the_server(definition: str, known: type[Any]) -> None:
    assert COMMON[definition]["enum"] == [int(entry) for entry in known]


def test_the_pattern_of_item_strings_knows_the_same_ids_as_the_server() -> None:
    pattern = re.compile(COMMON["item"]["pattern"])
    for gid in range(-1, 6):
        for iid in range(-1, 700):
            known = gid in GROUPS and iid in {int(entry) for entry in GROUPS[gid]}
            assert bool(pattern.search(f"{gid}:{iid}:1")) == known, f"{gid}:{iid}:1"
    keys = re.compile(COMMON["item_key"]["pattern"])
    assert [number for number in range(-1, 100) if keys.search(str(number))] == [int(item) for item in enums.Item]


@pytest.mark.parametrize("name", FILES)
def test_the_schemas_are_strict(name: str) -> None:
    """Every object knows its keys, every number its range, and no pattern lets a line break through at the end."""
    schema = content(f"schemas/{name}.schema")
    assert schema["title"]
    for part in walk(schema):
        if part.get("type") == "object":
            assert "additionalProperties" in part
        if part.get("type") in ("integer", "number") and "enum" not in part:
            assert part["maximum"] >= max(part.get("minimum", 0), part.get("exclusiveMinimum", 0))
        for pattern in (part.get("pattern", ""), *part.get("patternProperties", {})):
            assert isinstance(pattern, dict) or not pattern or (pattern[0], pattern[-6:]) == ("^", "$(?!\n)")


def walk(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [part for inner in schema for part in walk(inner)]
    if isinstance(schema, dict):
        return [schema, *(part for inner in schema.values() for part in walk(inner))]
    return []


def test_worlds() -> None:
    assert content("server/world")["worlds"] == [
        {"status": 0, "id": f"s{n}", "name": f"world s{n}", "merge": f"s{n}"} for n in range(10)]


def test_levels_of_players() -> None:
    level = content("server/player_experience")["player_level"]
    thresholds = level["experience"]
    assert len(thresholds) == level["max_level"] == 300
    assert thresholds[0] == 0
    assert sum(threshold <= 180 for threshold in thresholds) == 2
    assert thresholds[17] == 18360


def test_levels_of_vips_and_families() -> None:
    assert content("server/vip_config")["vip_level"]["experience"][0] == 60
    assert len(content("server/vip_config")["vip_level"]["experience"]) == 14
    assert content("server/vip_config")["card_increase_experience"] == {"min": 10, "max": 15, "permanent": 20}
    assert len(content("server/family")["level"]["exp"]) == 11


def test_energy() -> None:
    assert content("server/player")["energy"] == {"cooling_time": 6, "max_energy": 120}


def test_what_a_player_begins_with() -> None:
    new = content("server/new_player")
    assert (new["exp"], new["energy"], new["items"], new["limits"]) == (180, "max", {"36": 0, "37": 0}, {"23": 3})
    assert new["factory"] == [{"fid": -1, "level": 1, "workers": 3, "storage": 3}]
    assert new["roles"] == [{"rid": 402, "star": 1, "level": 1}]
    assert new["weapons"] == [{"wid": wid, "star": 1, "level": 1} for wid in (301, 302, 303)]
    assert new["stages"] == {"0": 1, "1": 1000, "3": 3000, "4": 4000, "5": 4150}
    assert new["sciences"] == {"65536": 1}
    assert new["elements"] == {str(int(element)): 0 for element in enums.Element}


def test_the_gift_of_a_new_player() -> None:
    gift = content("server/new_player")["gift"]
    assert (gift["subject"], gift["body"]) == ("SYSTEM_REWARD", "GIFT_1")
    assert ",".join(gift["items"]) == (
        "3:5:10000,3:1:2000000,3:3:100000,3:2:100000,3:4:100000,3:45:50,3:46:100,3:16:1000,3:8:100,3:40:100,3:41:100,"
        "3:34:17,3:9:1000000")


def test_tasks_and_achievements() -> None:
    assert list(content("server/task")) == [task.name.lower() for task in enums.Task]
    assert {int(aid) for aid in content("server/achievement")} == {int(aid) for aid in enums.Achievement} - {12}


def test_families() -> None:
    general = content("server/family")["general"]
    assert general["player_level"] == 18
    assert (general["leave_days"], general["disband_hours"], general["members"]["max"]) == (1, 24, 50)
    assert [general[name] for name in ("rmtimes", "ntimes", "itimes", "jtimes")] == [5] * 4
    assert general["costs"] == {"create": "3:5:2000", "change_name": "3:5:500"}


def test_a_present_to_a_family_gives_no_diamonds() -> None:
    """One pays and all receive, so that diamonds would grow by passing them round."""
    for present in content("server/family")["store"]["gift"].values():
        assert all(not item.startswith("3:5:") for items in present.values() for item in items)


def test_the_shops_sell_only_known_items_by_name() -> None:
    package = content("server/package")
    for name in (*package["exchange_card"], *package["exchange_item"]):
        assert enums.Item[name]
    for name in content("server/mall"):
        assert name.startswith("VIP_CARD_") or enums.Item[name.rpartition("_")[0]]


@pytest.mark.parametrize("mode", STAGE_NUMBERS)
def test_stages_follow_each_other_without_a_gap(mode: str) -> None:
    numbers = sorted(int(number) for number in content("server/stages")["stage"] if int(number) in STAGE_NUMBERS[mode])
    assert len(numbers) >= 10
    assert numbers == list(range(STAGE_NUMBERS[mode].start, numbers[-1] + 1))


def test_every_general_stage_can_be_swept_and_every_endless_one_held() -> None:
    stages = content("server/stages")
    numbers = {int(number) for number in stages["stage"]}
    assert {int(number) for number in stages["mopping-up"]} == numbers & set(STAGE_NUMBERS["general"])
    assert {int(number) for number in stages["hang-up"]} == numbers & set(STAGE_NUMBERS["endless"])


def test_a_player_can_reach_each_stage_by_those_before() -> None:
    """The experience of the general stages is enough for the level that the next one needs."""
    thresholds = content("server/player_experience")["player_level"]["experience"]
    earned = content("server/new_player")["exp"]
    stages = content("server/stages")["stage"]
    for number in (number for number in STAGE_NUMBERS["general"] if str(number) in stages):
        level = sum(threshold <= earned for threshold in thresholds)
        assert level >= stages[str(number)]["constraint"]["level"], f"stage {number}"
        earned += stages[str(number)]["rewards"]["special"]["exp"]


def test_the_weapon_costs_reach_the_highest_level() -> None:
    assert len(content("server/weapon_config")["standard_costs"]["upgrade_lv"]["iron"]) >= 120


def test_every_enemy_layout_of_a_general_stage_is_there() -> None:
    general = [n for n in content("server/stages")["stage"] if int(n) in STAGE_NUMBERS["general"]]
    assert len(content("client/level_enemy_layouts_config")["enemyLayouts"]) > len(general)
