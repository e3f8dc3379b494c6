"""The last good game data is kept while files break and are mended. Each look is a step of the test."""

import logging
from pathlib import Path

import orjson
import pytest

from apps.config.catalogue import Loader, Outcome
from apps.config.watcher import BROKEN_FILES, Watcher
from tests.support.game_data_folder import FEW, GameDataFolder


@pytest.fixture
def folder(tmp_path: Path) -> GameDataFolder:
    return GameDataFolder(tmp_path)


@pytest.fixture
def watcher(folder: GameDataFolder) -> Watcher:
    watcher = Watcher(folder.loader().load, 3600)
    watcher.step()
    return watcher


def served(watcher: Watcher) -> int:
    """Return one number of what is served."""
    assert watcher.catalogue is not None
    everything = orjson.loads(watcher.catalogue.everything.body)
    number: int = everything["task"]["login"]["quantity"]
    assert orjson.loads(watcher.catalogue.files["task"].body)["login"]["quantity"] == number
    return number


def set_number(folder: GameDataFolder, number: int) -> None:
    folder.set("server/task", ["login", "quantity"], number)


def broken_files() -> float:
    return next(sample.value for metric in BROKEN_FILES.collect() for sample in metric.samples)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_change_is_served_after_the_next_look(watcher: Watcher, folder: GameDataFolder) -> None:
    assert served(watcher) == 20
    set_number(folder, 77)
    assert served(watcher) == 20
    watcher.step()
    assert served(watcher) == 77


def test_an_unchanged_folder_keeps_the_very_catalogue(watcher: Watcher) -> None:
    before = watcher.catalogue
    watcher.step()
    assert watcher.catalogue is before


def test_a_broken_file_keeps_the_last_good_set_as_a_whole(watcher: Watcher, folder: GameDataFolder) -> None:
    before = watcher.catalogue
    folder.write("server/mall", "{")
    set_number(folder, 77)
    watcher.step()
    assert watcher.catalogue is before
    assert watcher.tell() == ["1.0/server/mall.json: not JSON: Expecting property name enclosed in double quotes: "
                              "line 1 column 2 (char 1)"]
    assert watcher.probe() == f"version 1.0, {len(FEW)} files"
    assert broken_files() == 1
    folder.restore("server/mall")
    watcher.step()
    assert served(watcher) == 77
    assert watcher.tell() == []
    assert broken_files() == 0


def test_a_problem_is_logged_once(watcher: Watcher, folder: GameDataFolder, caplog: pytest.LogCaptureFixture) -> None:
    set_number(folder, -1)
    for _ in range(3):
        watcher.step()
    first = "game data is broken: 1.0/server/task.json: $.login.quantity: -1 is less than the minimum of 1"
    assert errors(caplog) == [first]
    folder.write("server/mall", "[")
    for _ in range(3):
        watcher.step()
    assert len(errors(caplog)) == 2
    assert "mall.json" in errors(caplog)[1]
    assert broken_files() == 2
    folder.restore("server/mall")
    set_number(folder, 20)
    watcher.step()
    set_number(folder, -1)
    watcher.step()
    assert errors(caplog)[2:] == [first]


def test_no_version_to_serve_is_logged_once(watcher: Watcher, folder: GameDataFolder,
                                            caplog: pytest.LogCaptureFixture) -> None:
    folder.set_versions(game="no/version")
    for _ in range(3):
        watcher.step()
    assert len(errors(caplog)) == 1
    assert served(watcher) == 20


def test_without_good_data_at_the_start_it_goes_on_trying(folder: GameDataFolder) -> None:
    set_number(folder, -1)
    watcher = Watcher(folder.loader().load, 3600)
    watcher.step()
    assert watcher.catalogue is None
    with pytest.raises(LookupError, match=r"no good game data yet; 1\.0/server/task\.json: \$\.login\.quantity"):
        watcher.probe()
    set_number(folder, 33)
    watcher.step()
    assert served(watcher) == 33
    assert watcher.probe()


def test_what_no_check_foresaw_is_a_problem_and_no_crash(folder: GameDataFolder,
                                                         caplog: pytest.LogCaptureFixture) -> None:
    looks = iter([folder.outcome()])

    def load() -> Outcome | None:
        for outcome in looks:
            return outcome
        raise ZeroDivisionError

    watcher = Watcher(load, 3600)
    for _ in range(3):
        watcher.step()
    assert served(watcher) == 20
    assert len(errors(caplog)) == 1
    assert "the check failed: ZeroDivisionError" in errors(caplog)[0]


def test_it_looks_by_itself_until_it_is_stopped(folder: GameDataFolder) -> None:
    watcher = Watcher(folder.loader().load, 3600)
    watcher.start()
    try:
        assert served(watcher) == 20
    finally:
        watcher.stop()
    watcher.stop()


def test_a_folder_that_is_swapped_as_volumes_do(folder: GameDataFolder, tmp_path: Path) -> None:
    """A mounted volume is a link to a folder, and a new version of it is another folder."""
    (tmp_path / "next").mkdir()
    second = GameDataFolder(tmp_path / "next")
    set_number(second, 55)
    link = tmp_path / "link"
    link.symlink_to(folder.root)
    watcher = Watcher(Loader(link, "", 10**7).load, 3600)
    watcher.step()
    assert served(watcher) == 20
    fresh = tmp_path / "fresh"
    fresh.symlink_to(second.root)
    fresh.replace(link)
    watcher.step()
    assert served(watcher) == 55
