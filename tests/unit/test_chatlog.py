"""Lines and files of the chat log: what they hold, and what is left after a crash at any byte."""

import gzip
from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chatlog.day_file import DayFile
from apps.chatlog.entries import NAME_LIMIT, Entry, entry, folder
from apps.chatlog.folder import Folder, Place
from common import subjects
from common.nats.stored import Stored

NIGHT = 1_767_225_599_999_999_999  # the last nanosecond of 2025
TIME = "2025-12-31T23:59:59.999Z"


def stored(subject: str, payload: bytes, number: int = 1, time: int = NIGHT) -> Stored:
    return Stored(subject, payload, number, time)


def entries(*numbers: int, file: str = "s1/2025-12-31.jsonl.gz") -> list[Entry]:
    return [Entry(file, (number, TIME), orjson.dumps({"number": number, "time": TIME})) for number in numbers]


def numbers(path: Path) -> list[int]:
    return [orjson.loads(line)["number"] for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_a_message_of_a_family_becomes_a_line() -> None:
    found = entry(replace(stored(subjects.family_chat("s 1", "R.ed"), "Åsa:a:b".encode(), 7), author="p4"))
    assert found.file == "s=201/2025-12-31.jsonl.gz"
    assert orjson.loads(found.line) == {
        "number": 7, "time": "2025-12-31T23:59:59.999Z", "world": "s 1", "channel": "family", "name": "R.ed",
        "from": "Åsa", "uid": "p4", "text": "a:b"}


def test_messages_of_the_world_and_of_game_logic() -> None:
    public = orjson.loads(entry(stored("chat.s1.public", b"ada:")).line)
    system = orjson.loads(entry(stored("chat.s1.system", b"the server stops", time=NIGHT + 1)).line)
    assert (public["channel"], public["name"], public["from"], public["text"]) == ("public", "", "ada", "")
    assert (system["channel"], system["from"], system["text"]) == ("system", "", "the server stops")
    assert system["time"] == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("token", ["a/b", "/", "..", "~", "=2E=2E", "\\", "=FF", "x" * 1000, "=zz", "混蛋" * 50])
def test_a_world_of_any_name_is_one_folder(token: str) -> None:
    name = folder(token)
    assert len(name) <= NAME_LIMIT
    assert name not in ("", ".", "..")
    assert not set("/\\~") & set(name)
    orjson.loads(entry(stored(f"chat.{token}.public", b"\xff:\x00")).line)


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_no_two_worlds_share_a_folder(one: str, two: str) -> None:
    try:
        tokens = subjects.encode(one), subjects.encode(two)
    except UnicodeEncodeError:
        return
    assert (folder(tokens[0]) == folder(tokens[1])) == (one == two)


def test_files_go_on_where_they_ended(tmp_path: Path) -> None:
    path = tmp_path / "s1" / "day.gz"
    first = DayFile(path, 100)
    assert [first.append(entries(1, 2)), first.append(entries(2, 3)), first.append(entries(3))] == [2, 1, 0]
    assert DayFile(path, 100).append(entries(2, 3, 4)) == 1
    assert numbers(path) == [1, 2, 3, 4]


def test_a_message_that_comes_twice_at_once_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "world" / "2026-01-31.jsonl.gz"
    assert DayFile(path, 100).append(entries(1, 2, 1, 3, 2)) == 3
    assert DayFile(path, 100).append(entries(1, 2, 3)) == 0


def test_a_number_that_a_new_stream_gives_a_second_time_is_another_message(tmp_path: Path) -> None:
    path = tmp_path / "s1" / "day.gz"
    DayFile(path, 100).append(entries(1, 2))
    later = [entry._replace(key=(entry.key[0], "2025-12-31T23:59:59.998Z")) for entry in entries(1, 2, 3)]
    assert DayFile(path, 100).append([*later, *entries(2, 3)]) == 4
    assert numbers(path) == [1, 2, 1, 2, 3, 3]


def test_a_piece_that_a_crash_cut_off_at_any_byte_is_removed_and_written_again(tmp_path: Path) -> None:
    path = tmp_path / "s1" / "day.gz"
    DayFile(path, 100).append(entries(1, 2))
    whole = path.read_bytes()
    DayFile(path, 100).append(entries(3))
    torn = path.read_bytes()
    for size in range(len(whole), len(torn)):
        path.write_bytes(torn[:size])
        assert DayFile(path, 100).append(entries(2, 3)) == 1
        assert numbers(path) == [1, 2, 3]


def test_rubbish_at_the_end_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "s1" / "day.gz"
    DayFile(path, 100).append(entries(1))
    with path.open("ab") as file:
        file.write(b"\0" * 4096)
    DayFile(path, 100).append(entries(2))
    assert numbers(path) == [1, 2]


def test_only_its_owner_may_read_a_file(tmp_path: Path) -> None:
    path = tmp_path / "log" / "day.gz"
    DayFile(path, 100).append(entries(1))
    assert path.stat().st_mode & 0o077 == path.parent.stat().st_mode & 0o077 == 0


def test_entries_go_to_their_files_and_old_files_go(tmp_path: Path) -> None:
    log = Folder(tmp_path, 100)
    outcome = log.write([*entries(1), *entries(2, file="s2/2025-12-31.jsonl.gz"),
                         *entries(3, file="s2/2026-01-01.jsonl.gz")])
    assert outcome == (3, {(1, TIME), (2, TIME), (3, TIME)}, None)
    (tmp_path / "s1" / "notes.jsonl.gz").write_text("not ours")
    assert log.remove_old(date(2026, 1, 7), 7) == []
    assert log.remove_old(date(2026, 1, 8), 7) == ["s1/2025-12-31.jsonl.gz", "s2/2025-12-31.jsonl.gz"]
    assert sorted(path.name for path in tmp_path.glob("*/*")) == ["2026-01-01.jsonl.gz", "notes.jsonl.gz"]
    assert log.write(entries(4)).new == 1
    assert numbers(tmp_path / "s1" / "2025-12-31.jsonl.gz") == [4]


def test_a_file_that_cannot_be_written_keeps_no_other_from_it(tmp_path: Path) -> None:
    (tmp_path / "s1").write_text("in the way")
    outcome = Folder(tmp_path, 100).write([*entries(1), *entries(2, file="s2/2025-12-31.jsonl.gz")])
    assert (outcome.new, outcome.safe, type(outcome.failure)) == (1, {(2, TIME)}, FileExistsError)


def test_the_place_is_kept_and_what_is_none_is_taken_for_none(tmp_path: Path) -> None:
    log = Folder(tmp_path, 1)
    assert log.place() is None
    log.note_place(Place(17, NIGHT))
    assert Folder(tmp_path, 1).place() == Place(17, NIGHT)
    for content in (b"", b"not JSON", b"{}", b"5", b'["a", "b"]', b"[1]", b"[null, 1]"):
        (tmp_path / ".place").write_bytes(content)
        assert log.place() is None


def test_a_folder_belongs_to_one_at_a_time(tmp_path: Path) -> None:
    one, two = Folder(tmp_path, 1), Folder(tmp_path, 1)
    assert (one.take(), one.take(), two.take()) == (True, True, False)
    one.release()
    assert two.take()
    two.release()
