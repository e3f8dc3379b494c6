"""Reports as lines of their files, and how game masters see them."""

import gzip
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chatlog import report_entries, reports
from apps.chatlog.entries import Entry
from apps.chatlog.folder import Folder
from apps.chatlog.report_entries import Wanted, entry, wanted
from common.nats.stored import Stored

NIGHT = 1_767_225_599_999_999_999  # the last nanosecond of 2025
SUBJECT = "report.chat.s=201.u1.17-5"


def item(number: int, sender: str = "Ada", text: str = "x", uid: str = "p4") -> dict[str, Any]:
    return {"number": number, "time": "2025-12-31T23:59:58.000Z", "from": sender, "uid": uid, "text": text}


BODY: dict[str, Any] = {
    "subject": "chat.s=201.family.R=2Eed", "reporter": {"uid": "u1", "name": "Bert"}, "reason": "rude",
    "message": item(17), "before": [item(11)], "after": [item(19, "Bert")], "more": 9, "only_from": None}


def stored(body: Any, number: int = 3) -> Stored:
    payload = body if isinstance(body, bytes) else orjson.dumps(body)
    return Stored(SUBJECT, payload, number, NIGHT)


def test_a_report_becomes_a_line_of_its_day() -> None:
    found = entry(stored(BODY), [Stored("chat.s=201.family.R=2Eed", b"Carl:so: what", 23, NIGHT)])
    assert (found.file, found.key) == ("s=201/reports-2025-12-31.jsonl.gz", (3, "2025-12-31T23:59:59.999Z"))
    assert orjson.loads(found.line) == {
        "number": 3, "time": "2025-12-31T23:59:59.999Z", "world": "s 1", "channel": "family", "name": "R.ed",
        "reporter": {"uid": "u1", "name": "Bert"}, "reported": "Ada", "reported_uid": "p4", "reason": "rude",
        "message": item(17), "before": [item(11)], "after": [item(19, "Bert"), {
            "number": 23, "time": "2025-12-31T23:59:59.999Z", "from": "Carl", "uid": "", "text": "so: what"}]}


def test_a_report_of_a_former_version_has_no_uid() -> None:
    old = {name: value for name, value in item(17).items() if name != "uid"}
    line = orjson.loads(entry(stored({**BODY, "message": old}), []).line)
    assert (line["reported"], line["reported_uid"], line["message"]) == ("Ada", "", old)


@pytest.mark.parametrize(("change", "expected"), [
    ({}, Wanted("chat.s=201.family.R=2Eed", 19, 9, None)), ({"more": 0}, None),
    ({"after": [], "only_from": "Ada"}, Wanted("chat.s=201.family.R=2Eed", 17, 9, item(17))),
])
def test_what_completes_a_report(change: dict[str, Any], expected: Wanted | None) -> None:
    assert wanted(stored({**BODY, **change})) == expected


@pytest.mark.parametrize("change", [
    {"subject": 1}, {"subject": "control.chat.s1"}, {"reporter": "Bert"}, {"reporter": {}}, {"reason": None},
    {"message": {}}, {"message": {**item(1), "number": "1"}},
    {"message": {**item(1), "uid": 4}}, {"before": [1]}, {"after": [{}]}, {"more": "9"},
    {"more": True}, {"only_from": 1}, {"before": None}])
def test_what_is_no_report_is_kept_as_it_is(change: dict[str, Any]) -> None:
    body = orjson.dumps({**BODY, **change})
    assert wanted(stored(body)) is None
    line = orjson.loads(entry(stored(body), []).line)
    assert line == {"number": 3, "time": "2025-12-31T23:59:59.999Z", "world": "s 1", "unreadable": body.decode()}
    assert reports.listed(line).endswith("unreadable")
    assert len(reports.shown(line)) == 2


@given(st.binary(max_size=60))
def test_garbage_becomes_a_line_too(payload: bytes) -> None:
    assert wanted(stored(payload)) is None
    assert b"\n" not in entry(stored(payload), []).line


def test_files_of_reports_and_of_the_chat_go_at_times_of_their_own(tmp_path: Path) -> None:
    chat, own = Folder(tmp_path, 10), Folder(tmp_path, 10, report_entries.PREFIX)
    assert chat.take()
    assert own.take(), "one process may write the chat and another one the reports"
    assert not Folder(tmp_path, 10, report_entries.PREFIX).take()
    for folder, prefix in ((chat, ""), (own, "reports-")):
        folder.write([Entry(f"s1/{prefix}2025-12-3{day}.jsonl.gz", (day, ""), b'{"number": 1}') for day in (0, 1)])
    assert chat.remove_old(date(2026, 1, 1), 1) == ["s1/2025-12-30.jsonl.gz"]
    assert own.remove_old(date(2026, 1, 2), 1) == ["s1/reports-2025-12-30.jsonl.gz", "s1/reports-2025-12-31.jsonl.gz"]
    assert [path.name for path in tmp_path.glob("*/*")] == ["2025-12-31.jsonl.gz"]
    chat.release()
    own.release()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = Folder(tmp_path, 10, report_entries.PREFIX)
    evil = {**BODY, "message": item(18, "Eve", "\x1b[2J\u202eevil " + "y" * 100, "p5"), "reason": ""}
    own.write([entry(stored(BODY, 3), []), entry(stored(evil, 4), []), entry(stored(b"garbage", 5), [])])
    Folder(tmp_path, 10).write([Entry("s=201/2025-12-31.jsonl.gz", (1, ""), b'{"number": 1, "text": "chat"}')])
    return tmp_path


class Run(Protocol):
    """Runs the command with these options after the folder; returns its exit code and its lines."""

    def __call__(self, *options: str) -> tuple[int, list[str]]: ...


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*options: str) -> tuple[int, list[str]]:
        code = reports.main(["--folder", str(folder), *options])
        return code, capsys.readouterr().out.splitlines()
    return run


def test_the_list(run: Run) -> None:
    code, lines = run()
    assert (code, len(lines)) == (0, 3)
    assert lines[0] == "3  2025-12-31T23:59:59.999Z  s 1  family R.ed  Bert reports Ada: x  (rude)"
    assert lines[1].endswith("Bert reports Eve: \N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}evil "
                             + "y" * 50 + "...")
    assert run("--reported", "Ada", "--world", "s 1")[1] == lines[:1]
    assert run("--world", "s2") == (1, [])
    assert run("--uid", "p5")[1] == lines[1:2]
    assert run("--uid", "p5", "--reported", "Ada") == (1, [])


def test_one_report(run: Run) -> None:
    code, lines = run("--show", "3")
    assert code == 0
    assert lines == [
        "report 3 of 2025-12-31T23:59:59.999Z", "world     s 1", "channel   family R.ed", "reporter  Bert (u1)",
        "reported  Ada (p4)", "reason    rude", "  11  2025-12-31T23:59:58.000Z  Ada: x",
        "> 17  2025-12-31T23:59:58.000Z  Ada: x", "  19  2025-12-31T23:59:58.000Z  Bert: x"]
    assert run("--show", "99") == (1, [])


def test_a_file_that_is_being_written_is_shown_as_far_as_it_is_whole(folder: Path, run: Run) -> None:
    [path] = folder.glob("*/reports-*")
    with path.open("ab") as file:
        file.write(path.read_bytes()[:40])
    assert len(run()[1]) == 3


def test_a_line_that_is_no_report_is_told_and_the_others_are_shown(
        folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [path] = folder.glob("*/reports-*")
    path.write_bytes(gzip.compress(b"not JSON\n") + path.read_bytes())
    assert reports.main(["--folder", str(folder)]) == 0
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 3
    assert shown.err == f"{path}: a line is no report\n"


@pytest.mark.parametrize("options", [(), ("--folder", "/does/not/exist"), ("--folder", ".", "--show", "x")])
def test_a_wrong_call_is_told(options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        reports.main([*options])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage")
