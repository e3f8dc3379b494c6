"""Log files and what is shown of them."""

import io
import os
from pathlib import Path

import pytest

from apps.local.console import Console, Prefixes
from apps.local.logs import LogFiles, Tail, move_aside


def add(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_only_whole_lines_are_told(tmp_path: Path) -> None:
    path = tmp_path / "log"
    tail = Tail(path)
    assert tail.lines() == []
    add(path, "one\ntw")
    assert tail.lines() == ["one"]
    add(path, "o\n\nthree\n")
    assert tail.lines() == ["two", "", "three"]


def test_what_was_there_before_can_be_skipped(tmp_path: Path) -> None:
    add(tmp_path / "log", "old\n")
    tail = Tail(tmp_path / "log")
    tail.skip()
    add(tmp_path / "log", "new\n")
    assert tail.lines() == ["new"]


def test_new_lines_are_shown_with_their_process(tmp_path: Path) -> None:
    shown: list[tuple[str, str]] = []
    files = {"a": tmp_path / "a", "b": tmp_path / "b"}
    logs = LogFiles(files, 10_000, lambda name, line: shown.append((name, line)))
    add(files["b"], "hello\n")
    logs.poll()
    logs.poll()
    assert shown == [("b", "hello")]


@pytest.mark.parametrize("show", [True, False])
def test_a_large_file_is_moved_aside_while_its_writer_goes_on(tmp_path: Path, show: bool) -> None:
    shown: list[str] = []
    path = tmp_path / "log"
    logs = LogFiles({"x": path}, 4096, (lambda _, line: shown.append(line)) if show else None)
    with path.open("a") as writer:
        writer.write("x" * 5000 + "\n")
        writer.flush()
        logs.poll()
        writer.write("after\n")
        writer.flush()
        logs.poll()
    assert path.read_text() == "after\n"
    assert (tmp_path / "log.1").read_text() == "x" * 5000 + "\n"
    assert shown == (["x" * 5000, "after"] if show else [])


def test_the_files_of_an_earlier_run_are_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for text in ("first", "second"):
        add(path, text)
        move_aside(path)
    assert path.read_text() == ""
    assert (tmp_path / "log.1").read_text() == "second"


def test_prefixes_have_one_width_and_no_colour_in_a_pipe() -> None:
    prefix = Prefixes(["a", "long-name"], colour=False)
    assert prefix("a") == "a         | "
    assert prefix("long-name") == "long-name | "


def test_prefixes_differ_in_colour_on_a_terminal() -> None:
    prefix = Prefixes(["a", "b"], colour=True)
    assert prefix("a").replace("a", "") != prefix("b").replace("b", "")
    assert prefix("a").startswith("\033[")


def test_no_colour_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    console = Console(stream)
    console.say("ready")
    assert stream.getvalue() == "ready\n"


def test_a_reader_that_went_away_is_no_error() -> None:
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w")
    console = Console(stream)
    with os.fdopen(reading, "rb", 0) as reader:
        console.say("seen")
        assert reader.read(100) == b"seen\n"
    console.say("lost")
    console.say("lost too")
    assert console._gone
    stream.close()  # what it still held goes nowhere, and is no error at the end of the process


def test_a_reader_that_stands_still_holds_up_nothing() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream, os.fdopen(reading):
        os.set_blocking(writing, False)
        while True:
            try:
                os.write(writing, b"x" * 65536)
            except BlockingIOError:
                break
        os.set_blocking(writing, True)
        Console(stream).say("dropped")
