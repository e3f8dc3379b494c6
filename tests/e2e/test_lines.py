"""What single functions answer to lines of any kind, from a corpus that anyone can add to."""

from collections.abc import Callable, Iterator

import pytest

from apps.worker.functions import function_list
from apps.worker.module import achievement, check_in, friend, friend_gift, mail, task, vip
from tests.e2e.test_platform import assert_still_serving, exchange
from tests.support import corpus
from tests.support.cast import Cast
from tests.support.corpus import Case
from tests.support.game import Game

CASES = list(corpus.read())
PLATFORM = {10, 11, 12, -1, -2, -3, -4, -5}
MODULES = (achievement, check_in, friend, friend_gift, mail, task, vip)
WITHOUT_STATUS = {"send_merchandise"}
"""Functions whose answer is a word."""


@pytest.fixture(scope="module")
def casts(game: Game) -> Iterator[Callable[[Case], Cast]]:
    """Whom a line may name: new players for one that is served, and one cast for what a function refuses.

    What is refused changes nothing, so whoever comes next must not notice it.
    """
    shared: dict[str, Cast] = {}
    yield lambda case: Cast(game) if case.is_served else shared.setdefault(case.function, Cast(game))
    assert_still_serving(game)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_line_of_the_corpus(game: Game, casts: Callable[[Case], Cast], case: Case) -> None:
    line = case.filled(casts(case).value)
    answer = exchange(game, line + b"\r\n")
    assert answer is not None
    assert answer["status"] in case.statuses, (line[:300], answer)
    assert ("data" in answer) == (answer["status"] not in PLATFORM)


def test_each_social_function_has_lines_that_are_served_and_lines_that_are_refused() -> None:
    listed = {name for name, entry in function_list(debug=True).items()
              if entry.call.__module__ in {module.__name__ for module in MODULES} or "_family" in name}
    listed = (listed | {"accept_gifts", "send_gift_mail", "send_text_mail"}) - WITHOUT_STATUS
    assert {case.function for case in CASES if case.is_served} >= listed
    assert {case.function for case in CASES if not case.is_served} >= listed
