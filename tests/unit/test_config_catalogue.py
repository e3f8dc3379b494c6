"""Looking at a folder of game data: whole versions or none."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from apps.config.catalogue import Catalogue, Outcome
from apps.config.files import JsonFiles
from tests.support.game_data_folder import FEW, GameDataFolder, content


@pytest.fixture
def folder(tmp_path: Path) -> GameDataFolder:
    return GameDataFolder(tmp_path)


def good(outcome: Outcome | None) -> Catalogue:
    assert outcome is not None
    assert outcome.problems == ()
    assert outcome.catalogue is not None
    return outcome.catalogue


def test_what_is_handed_out(folder: GameDataFolder) -> None:
    catalogue = good(folder.outcome())
    everything = orjson.loads(catalogue.everything.body)
    assert everything["mall"] == content("server/mall")
    assert everything["monster_config"] == content("client/monster_config")
    assert everything["version"] == {"game": "1.0", "server": "1.0", "client": "1.0"}
    assert set(everything) == set(catalogue.files) | {"version"}
    assert orjson.loads(catalogue.files["task"].body) == content("server/task")
    assert orjson.loads(catalogue.world_map.body) == content("server/world")


def test_etags_go_by_content(folder: GameDataFolder) -> None:
    first = good(folder.outcome())
    folder.write("server/task", json.dumps(content("server/task"), indent=7))
    assert good(folder.outcome()) == first
    folder.set("server/task", ["login", "quantity"], 77)
    second = good(folder.outcome())
    assert second.everything.etag != first.everything.etag
    assert second.files["task"].etag != first.files["task"].etag
    assert second.files["world"].etag == first.files["world"].etag


def test_nothing_changed_gives_nothing(folder: GameDataFolder) -> None:
    loader = folder.loader()
    good(loader.load())
    assert loader.load() is None
    folder.set("server/task", ["login", "quantity"], 77)
    good(loader.load())
    assert loader.load() is None


def test_only_what_changed_is_read_again(folder: GameDataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    read = JsonFiles._bytes

    def note(files: JsonFiles, name: str) -> bytes:
        opened.append(name)
        return read(files, name)

    monkeypatch.setattr(JsonFiles, "_bytes", note)
    loader = folder.loader()
    loader.load()
    assert len(opened) == len(set(opened)) == 2 + 1 + 2 * len(FEW)
    opened.clear()
    folder.set("server/task", ["login", "quantity"], 77)
    loader.load()
    assert opened == ["1.0/server/task.json"]


BREAK: list[tuple[Callable[[GameDataFolder], object], list[str]]] = [
    (lambda folder: folder.path("server/task").unlink(), ["1.0/server/task.json: is missing"]),
    (lambda folder: folder.path("server/world").unlink(), ["1.0/server/world.json: is missing"]),
    (lambda folder: folder.path("schemas/server/task.schema").unlink(),
     ["1.0/server/task.json: has no schema: 1.0/schemas/server/task.schema.json is missing"]),
    (lambda folder: folder.remove("server/world", "schemas/server/world.schema"),
     ["1.0/server/world.json: is missing"]),
    (lambda folder: folder.write("server/task", '{"login":'),
     ["1.0/server/task.json: not JSON: Expecting value: line 1 column 10 (char 9)"]),
    (lambda folder: folder.write("server/extra", "{}"),
     ["1.0/server/extra.json: has no schema: 1.0/schemas/server/extra.schema.json is missing"]),
    (lambda folder: folder.set("server/task", ["login", "quantity"], -1),
     ["1.0/server/task.json: $.login.quantity: -1 is less than the minimum of 1"]),
    (lambda folder: folder.set("server/world", ["worlds", 0, "merge"], "s5"),
     []),
    (lambda folder: folder.set("server/world", ["worlds", 0, "merge"], "x5"),
     ["1.0/server/world.json: $.worlds[0].merge: 'x5' is not a world of this list"]),
    (lambda folder: folder.write("schemas/server/task.schema", "{"),
     ["1.0/schemas/server/task.schema.json: not JSON: Expecting property name enclosed in double quotes: "
      "line 1 column 2 (char 1)"]),
    (lambda folder: folder.write("schemas/server/task.schema", '{"type": "objekt"}'),
     ["1.0/schemas/server/task.schema.json: $.type: not a sound schema: "
      "'objekt' is not valid under any of the given schemas"]),
    (lambda folder: (folder.root / "versions.json").unlink(), ["versions.json: is missing"]),
    (lambda folder: (folder.root / "versions.json").write_text("["),
     ["versions.json: not JSON: Expecting value: line 1 column 2 (char 1)"]),
    (lambda folder: folder.set_versions(client="one two"),
     ["versions.json: $.client: 'one two' is not a version (1 to 32 of letters, digits, dot, underscore and dash)"]),
    (lambda folder: folder.set_versions(game="../1.0"),
     ["versions.json: no version to serve is named, but '../1.0'"]),
    (lambda folder: (folder.root / "versions.schema.json").unlink(),
     ["versions.json: has no schema: versions.schema.json is missing"]),
]


@pytest.mark.parametrize(("damage", "said"), BREAK)
def test_a_damaged_folder(folder: GameDataFolder, damage: Callable[[GameDataFolder], object], said: list[str]) -> None:
    damage(folder)
    outcome = folder.outcome()
    assert [str(problem) for problem in outcome.problems] == said
    assert (outcome.catalogue is None) == bool(said)


def test_all_problems_of_all_files_are_told_at_once(folder: GameDataFolder) -> None:
    folder.set("server/task", ["login", "quantity"], -1)
    folder.set("server/world", ["worlds", 0, "merge"], "x5")
    folder.write("server/mall", "{")
    folder.path("client/monster_config").unlink()
    assert [problem.split(":")[0] for problem in folder.problems()] == [
        "1.0/client/monster_config.json", "1.0/server/mall.json", "1.0/server/task.json", "1.0/server/world.json"]


def test_two_files_of_one_name(folder: GameDataFolder) -> None:
    shutil.copy(folder.path("server/task"), folder.path("client/task"))
    shutil.copy(folder.path("schemas/server/task.schema"), folder.path("schemas/client/task.schema"))
    shutil.copy(folder.path("server/task"), folder.path("server/version"))
    shutil.copy(folder.path("schemas/server/task.schema"), folder.path("schemas/server/version.schema"))
    assert folder.problems() == ["1.0/client/task.json: takes the name of 1.0/server/task.json",
                                 "1.0/server/version.json: takes the name of versions.json"]


def test_a_new_file_with_a_schema_is_handed_out(folder: GameDataFolder) -> None:
    folder.write("schemas/server/lottery.schema", '{"type": "object"}')
    assert folder.problems() == ["1.0/server/lottery.json: is missing"]
    folder.write("server/lottery", '{"a": 1}')
    assert good(folder.outcome()).files["lottery"].body == b'{"a":1}'


def test_a_changed_schema_judges_unchanged_files(folder: GameDataFolder) -> None:
    loader = folder.loader()
    good(loader.load())
    folder.set("schemas/common.schema", ["$defs", "item_id", "enum"], [1, 2])
    outcome = loader.load()
    assert outcome is not None
    assert "1.0/server/task.json" in {problem.file for problem in outcome.problems}


def test_versions_json_chooses_the_version(folder: GameDataFolder) -> None:
    shutil.copytree(folder.root / "1.0", folder.root / "2.0-beta")
    path = folder.path("server/task", "2.0-beta")
    path.write_text(path.read_text().replace("20", "21"))
    loader = folder.loader()
    assert good(loader.load()).version == "1.0"
    folder.set_versions(game="2.0-beta", client="7")
    second = good(loader.load())
    assert second.version == "2.0-beta"
    assert orjson.loads(second.files["task"].body)["login"]["quantity"] == 21
    assert orjson.loads(second.client_version.body) == {"version": "7"}
    assert good(folder.outcome("1.0")).version == "1.0"


@pytest.mark.parametrize("version", ["9.9", "..", "a/b", "1.0\n"])
def test_a_version_that_is_not_there(folder: GameDataFolder, version: str) -> None:
    outcome = folder.outcome(version)
    assert outcome.catalogue is None
    assert outcome.problems


def test_a_file_that_changes_while_it_is_read_waits_for_the_next_look(
        folder: GameDataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = folder.loader()
    good(loader.load())
    folder.set("server/task", ["login", "quantity"], 77)
    read = JsonFiles._bytes

    def read_and_change(files: JsonFiles, name: str) -> bytes:
        monkeypatch.setattr(JsonFiles, "_bytes", read)
        folder.set("server/mall", ["DIAMOND_MIN", "quantity"], 1)
        return read(files, name)

    monkeypatch.setattr(JsonFiles, "_bytes", read_and_change)
    assert loader.load() is None
    changed = good(loader.load())
    assert orjson.loads(changed.files["task"].body)["login"]["quantity"] == 77
    assert orjson.loads(changed.files["mall"].body)["DIAMOND_MIN"]["quantity"] == 1


def test_a_half_written_file_is_never_taken(folder: GameDataFolder) -> None:
    whole = folder.path("server/check_in").read_text().rstrip()
    loader = folder.loader()
    for length in range(0, len(whole), 20):
        folder.path("server/check_in").write_text(whole[:length])
        outcome = loader.load()
        assert outcome is not None
        assert [problem.file for problem in outcome.problems] == ["1.0/server/check_in.json"]
    folder.path("server/check_in").write_text(whole)
    good(loader.load())


def test_a_missing_folder_of_game_data(tmp_path: Path) -> None:
    folder = GameDataFolder(tmp_path)
    shutil.rmtree(folder.root)
    assert folder.problems() == ["versions.json: is missing"]
