"""A few of the cases of ``make faults``, in a short form."""

from pathlib import Path

import pytest

from tests.faults import program
from tests.faults.cases import QUICK, select
from tests.faults.options import parse


@pytest.mark.usefixtures("no_process_left")
def test_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    options = parse(["--quick", "--seconds=1.5", "--actors=8"])
    results = program.run(select(QUICK), options, tmp_path, print)
    assert [result.case for result in results] == sorted(QUICK, key=[result.case for result in results].index)
    assert not [(result.case, result.problems) for result in results if not result.passed]
    assert all(result.requests > 20 for result in results), [result.requests for result in results]
