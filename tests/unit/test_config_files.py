"""Reading JSON files strictly, and only when they changed."""

import errno
import os
import re
from pathlib import Path
from typing import Any

import pytest

from apps.config.files import JsonFiles, parse


class CountingFiles(JsonFiles):
    """Notes which files are opened; ``failing`` ones cannot be."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, 1000)
        self.opened: list[str] = []
        self.failing: set[str] = set()

    def _bytes(self, name: str) -> bytes:
        self.opened.append(name)
        if name in self.failing:
            raise OSError(errno.EIO, "the disk is tired")
        return super()._bytes(name)

    def look(self) -> dict[str, Any]:
        """Return contents and faults by name; what was opened starts anew."""
        self.opened.clear()
        return {name: file.fault or file.content for name, file in self.read(self.scan(["a", "b"])).items()}


@pytest.fixture
def files(tmp_path: Path) -> CountingFiles:
    for name in ("a/one", "a/two", "b/three"):
        path = tmp_path / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'"{name}"')
    return CountingFiles(tmp_path)


def test_a_file_is_read_once(files: CountingFiles) -> None:
    assert files.look() == {"a/one.json": "a/one", "a/two.json": "a/two", "b/three.json": "b/three"}
    assert files.opened == ["a/one.json", "a/two.json", "b/three.json"]
    files.look()
    assert files.opened == []


def test_only_the_changed_file_is_read_again(files: CountingFiles, tmp_path: Path) -> None:
    files.look()
    (tmp_path / "a/two.json").write_text('"new!!"')
    assert files.look()["a/two.json"] == "new!!"
    assert files.opened == ["a/two.json"]


def test_a_file_of_the_same_size_and_age_that_was_put_in_place_is_another(files: CountingFiles, tmp_path: Path) -> None:
    files.look()
    old = tmp_path / "a/two.json"
    fresh = tmp_path / "fresh"
    fresh.write_text('"A/TWO"')
    os.utime(fresh, ns=(old.stat().st_mtime_ns, old.stat().st_mtime_ns))
    fresh.replace(old)
    assert files.look()["a/two.json"] == "A/TWO"


def test_a_file_that_comes_and_one_that_goes(files: CountingFiles, tmp_path: Path) -> None:
    files.look()
    (tmp_path / "b/three.json").unlink()
    (tmp_path / "b/four.json").write_text("4")
    assert files.look() == {"a/one.json": "a/one", "a/two.json": "a/two", "b/four.json": 4}
    assert files.settled


def test_what_editors_leave_is_no_game_data(files: CountingFiles, tmp_path: Path) -> None:
    for name in (".one.json", "one.json~", "one.json.swp", "one.txt"):
        (tmp_path / "a" / name).write_text("{")
    (tmp_path / "a" / "..data").mkdir()
    assert len(files.look()) == 3


def test_a_missing_folder_has_no_files(tmp_path: Path) -> None:
    assert JsonFiles(tmp_path / "nowhere", 10).scan(["."]) == {}


def test_a_file_that_cannot_be_read_is_tried_again(files: CountingFiles) -> None:
    files.failing = {"a/one.json"}
    assert files.look()["a/one.json"] == "cannot be read: the disk is tired"
    assert not files.settled
    files.failing = set()
    assert files.look()["a/one.json"] == "a/one"
    assert files.opened == ["a/one.json"]
    assert files.settled


def test_a_link_is_the_file_it_leads_to(files: CountingFiles, tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).write_text(f'"{name}"')
    (tmp_path / "a/link.json").symlink_to("../x")
    assert files.look()["a/link.json"] == "x"
    (tmp_path / "a/link.json").unlink()
    (tmp_path / "a/link.json").symlink_to("../y")
    assert files.look()["a/link.json"] == "y"


def test_a_file_over_the_limit(files: CountingFiles, tmp_path: Path) -> None:
    (tmp_path / "a/one.json").write_text(f'"{"x" * 998}"')
    assert files.look()["a/one.json"] == "x" * 998
    (tmp_path / "a/one.json").write_text(f'"{"x" * 999}"')
    assert files.look()["a/one.json"] == "not JSON: it has more than 1000 bytes"


@pytest.mark.parametrize(("body", "said"), [
    (b"", "Expecting value: line 1 column 1"),
    (b'{"a": 1', "line 1 column 8"),
    (b'{\n"a": 1,\n}', "line 3"),
    (b'{"a": 1} {}', "Extra data"),
    (b'{"a": 1, "b": {"c": 1, "c": 2}}', 'the key "c" stands twice'),
    (b'{"a": NaN}', "NaN is no number"),
    (b'{"a": -Infinity}', "-Infinity is no number"),
    (b'{"a": 1e999}', "1e999 is too large"),
    (b'{"a": 123456789012345678901234567890}', "64-bit"),
    (b'{"a": ' + b"1" * 5000 + b"}", "digits"),
    (b'"\xff"', "utf-8"),
    (b'"\\ud800"', "surrogates"),
    (b"// no\n{}", "Expecting value"),
])
def test_what_is_no_json(body: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        parse(body)


def test_a_file_of_brackets_is_a_fault_and_no_crash(files: CountingFiles, tmp_path: Path) -> None:
    deep = JsonFiles(tmp_path, 10**6)
    (tmp_path / "a/one.json").write_text("[" * 100_000)
    assert "not JSON" in deep.read(deep.scan(["a"]))["a/one.json"].fault


def test_a_byte_order_mark_is_fine() -> None:
    assert parse(b'\xef\xbb\xbf{"name": "\xe4\xbd\xa0"}') == {"name": "你"}
