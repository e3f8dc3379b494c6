"""What becomes of names and texts of players in each mode of the word filter."""

import pytest

from apps.worker.fields import FieldError
from apps.worker.wording import Mode, Wording
from common.word_filter import WordFilter


class Lists:
    """Lists that never change."""

    filter = WordFilter(["darn"])


def wording(mode: Mode) -> Wording:
    return Wording(Lists(), mode)


@pytest.mark.parametrize(("mode", "allowed"), [(Mode.MASK, False), (Mode.REFUSE, False), (Mode.OFF, True)])
def test_a_name_cannot_be_masked(mode: Mode, allowed: bool) -> None:
    assert wording(mode).allows("Darn_it") is allowed
    assert wording(mode).allows("Darner")
    assert not wording(mode).allows("no name")


@pytest.mark.parametrize(("mode", "text"), [(Mode.MASK, "oh ****"), (Mode.OFF, "oh Darn")])
def test_a_text(mode: Mode, text: str) -> None:
    assert wording(mode).clean("intro", "oh Darn") == text


def test_a_text_that_is_refused_names_its_field() -> None:
    with pytest.raises(FieldError, match="intro holds an unwanted word"):
        wording(Mode.REFUSE).clean("intro", "oh Darn")
    assert wording(Mode.REFUSE).clean("intro", "oh well") == "oh well"


def test_new_lists_count_at_once() -> None:
    lists = Lists()
    judge = Wording(lists, Mode.MASK)
    lists.filter = WordFilter(["well"])
    assert judge.clean("body", "oh well, darn") == "oh ****, darn"
