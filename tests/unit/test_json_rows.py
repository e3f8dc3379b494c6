"""Lists that come from the database as one text."""

import pytest

from apps.worker.rules.json_rows import pairs


@pytest.mark.parametrize(("text", "found"), [
    (None, []), ("", []), ('["a",1],[2]', [(["a", 1], [2])]), ("[1],[],[2],[]", [([1], []), ([2], [])])])
def test_two_at_a_time(text: str | None, found: list[object]) -> None:
    assert list(pairs(text)) == found


def test_a_text_that_was_cut_off_is_never_a_shorter_list() -> None:
    for text in ("[1],[2],[3]", "[1],[2],[3"):
        with pytest.raises(ValueError, match=r"argument|unexpected"):
            list(pairs(text))
