"""The word filter, against what people write to get around it and against harmless words."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import word_filter
from common.word_filter import MASK, WordFilter, fold
from common.word_lists import WordLists

WORDS = WordFilter(["ass", "Darn it", "scheiße", "混蛋", "cabrón", "ไอ้บ้า"])


@pytest.mark.parametrize(("text", "masked"), [
    ("you ass", "you ***"), ("ASS!", "***!"), ("a classic assassin", "a classic assassin"), ("ass", "***"),
    ("ＡＳＳ", "***"), ("a\u200bs\u00ads", "*****"), ("ⓐⓢⓢ", "***"), ("darn it, ass", "*******, ***"),
    ("SCHEISSE!", "********!"), ("so ein scheiße", "so ein *******"), ("你这混蛋啊", "你这**啊"), ("混\u200b蛋", "***"),
    ("cabro\u0301n", "*******"), ("CABRÓN", "******"), ("ﬀ ass", "ﬀ ***"), ("นายไอ้บ้าจริง", "นาย******จริง"),
    ("ass\u0301", "ass\u0301"), ("", ""), ("é", "é"), ("1ass", "1ass"), ("ass_", "***_"),
])
def test_what_is_masked(text: str, masked: str) -> None:
    assert WORDS.mask(text) == masked
    assert WORDS.finds(text) == (masked != text)


def test_a_text_whose_places_cannot_be_told_is_masked_as_a_whole() -> None:
    korean = WordFilter(["각"])
    assert korean.mask("x \u1100\u1161\u11a8") == MASK * 5


def test_a_longer_word_does_not_hide_a_shorter_one() -> None:
    words = WordFilter(["bad", "badge of shame", "of"])
    assert words.mask("bad badge of shames") == "*** badge ** shames"


def test_a_long_list_is_searched_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_filter, "PIECE", 2)
    words = WordFilter(["one", "two", "three", "混蛋", "TWO", "four five"])
    assert len(words) == 5
    assert words.mask("one two three, four five 你混蛋") == "*** *** *****, ********* 你**"
    assert not words.finds("onetwo")


def test_a_list_without_words_finds_nothing() -> None:
    for words in ([], ["", "  ", "\u200b"]):
        assert len(WordFilter(words)) == 0
        assert WordFilter(words).mask("anything") == "anything"


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=5), max_size=8))
def test_masking_keeps_the_length_and_leaves_nothing_to_find(text: str, words: list[str]) -> None:
    found = WordFilter([word for word in words if MASK not in fold(word)])
    masked = found.mask(text)
    assert len(masked) == len(text)
    assert all(new in (old, MASK) for old, new in zip(text, masked, strict=True))


@given(st.text(max_size=40), st.text(alphabet="abcßÉ混蛋 ", min_size=1, max_size=5), st.text(max_size=40))
def test_a_word_between_spaces_is_always_found(before: str, word: str, after: str) -> None:
    if word.strip():
        assert WordFilter([word]).finds(f"{before} {word.strip().upper()} {after}")


def lists(folder: Path, limit: int = 10_000) -> WordLists:
    return WordLists(folder, seconds=60, limit=limit)


def test_files_are_read_and_read_again_when_they_change(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("# comment\n\n darn \n", "utf-8")
    (tmp_path / "de.txt").write_bytes(b"\xef\xbb\xbfmist\r\nkacke\r\n")
    (tmp_path / "notes.md").write_text("comment")
    found = lists(tmp_path)
    found.step()
    before = found.filter
    assert (len(before), before.mask("darn mist comment")) == (3, "**** **** comment")
    found.step()
    assert found.filter is before
    (tmp_path / "en.txt").write_text("comment\n")
    found.step()
    assert found.filter.mask("darn comment") == "darn *******"
    (tmp_path / "de.txt").unlink()
    found.step()
    assert len(found.filter) == 1


def test_a_broken_list_leaves_the_last_good_ones(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "en.txt").write_text("darn\n")
    found = lists(tmp_path)
    found.step()
    for broken in (b"\xff\xfe", b"x" * 10_001):
        (tmp_path / "de.txt").write_bytes(broken)
        found.step()
        found.step()
        assert found.filter.mask("darn") == "****"
    assert len(caplog.records) == 2
    (tmp_path / "de.txt").write_bytes(b"mist")
    found.step()
    assert found.filter.mask("darn mist") == "**** ****"


def test_a_missing_folder_is_told_and_filters_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = lists(tmp_path / "nowhere")
    found.step()
    assert len(found.filter) == 0
    assert "nowhere" in caplog.text


def test_the_lists_of_the_project_can_be_read() -> None:
    found = lists(Path(__file__).parents[2] / "conf" / "chat" / "words")
    found.step()
    assert len(found.filter) > 20
    assert not found.filter.finds("Hello, nice to meet you in Scunthorpe! 大家好 " + os.linesep)
