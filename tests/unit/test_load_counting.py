"""The benchmark's counting: histograms, tallies, arrivals, rows."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.load import arrivals
from tests.load.histogram import Histogram
from tests.load.results import Row, Used, median, refusals, row_of
from tests.load.tally import Tally, merged, status_of

NOTHING_USED = Used({}, 0, {})


@given(st.lists(st.floats(1e-5, 100), min_size=1, max_size=200), st.sampled_from([1, 50, 95, 99, 100]))
def test_a_percentile_is_right_within_a_percent(durations: list[float], share: int) -> None:
    histogram = Histogram()
    for duration in durations:
        histogram.add(duration)
    exact = sorted(durations)[-(-len(durations) * share // 100) - 1]
    assert histogram.percentile(share) == pytest.approx(exact, rel=0.01)
    assert histogram.largest == max(durations)


def test_histograms_merge_and_travel() -> None:
    one, other = Histogram(), Histogram()
    one.add(0.001, times=98)
    other.add(5.0, times=2)
    one.merge(Histogram.from_json(other.as_json()))
    assert one.count == 100
    assert one.percentile(98) == pytest.approx(0.001, rel=0.01)
    assert one.percentile(99) == one.largest == 5.0


def test_an_empty_histogram_has_no_latency() -> None:
    assert Histogram().percentile(99) == 0


def test_fixed_arrivals_are_even() -> None:
    assert list(arrivals.fixed(4, 10, 11)) == [10, 10.25, 10.5, 10.75]


def test_poisson_arrivals_have_the_rate_and_are_uneven() -> None:
    moments = list(arrivals.poisson(1000, 5, 15, Random(1)))
    assert len(moments) == pytest.approx(10_000, rel=0.05)
    assert moments == sorted(moments)
    assert all(5 <= moment < 15 for moment in moments)
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    short = sum(gap < 0.001 for gap in gaps) / len(gaps)
    assert short == pytest.approx(1 - 1 / 2.71828, abs=0.03)  # of an exponential distribution


@pytest.mark.parametrize(("answer", "status"), [
    (b'{"status":0,"message":"success"}\r\n', "0"), (b'{"status":-3,"retry_after":1}\r\n', "-3"),
    (b'{"status": 98, "message":""}\r\n', "98"), (b"hello\r\n", "?")])
def test_the_status_of_an_answer(answer: bytes, status: str) -> None:
    assert status_of(answer) == status


def test_only_what_was_due_in_time_is_counted_and_only_accepted_requests_have_a_latency() -> None:
    tally = Tally(10, 20)
    tally.note(9, 9.5, "0")
    tally.note(9, 11, "0")
    tally.note(12, 13, "0")
    tally.note(12, 12.1, "-3")
    tally.note(13, 19, "timeout")
    tally.note(19, 22, "98")
    assert tally.outcomes == {"0": 1, "-3": 1, "timeout": 1, "98": 1}
    assert (tally.accepted.count, tally.accepted.largest) == (2, 3)
    assert (tally.answered_in_time, tally.accepted_in_time) == (3, 2)


def test_tallies_of_processes_add_up() -> None:
    parts = [Tally(10, 20), Tally(10, 20)]
    for part in parts:
        part.note(11, 12, "0")
        part.note(11, 12, "-3")
    total = merged(part.as_json() for part in parts)
    assert (total.begin, total.end, total.accepted.count) == (10, 20, 2)
    assert (total.outcomes, total.answered_in_time, total.accepted_in_time) == ({"0": 2, "-3": 2}, 4, 2)


def test_a_row_is_a_request() -> None:
    tally = Tally(0, 2)
    for _ in range(100):
        tally.note(1, 1.004, "0")
    row = row_of("title", tally, Used({"gate": 0.02, "worker": 0.03}, 1.06, {"gate": 40.0}), [0.004, 0.006], 60.0)
    assert row.per_second == 50
    assert row.cpu == pytest.approx({"gate": 0.2, "worker": 0.3})
    assert row.cpu_in_all == pytest.approx(0.5)
    assert row.client_cpu == pytest.approx(0.1)
    assert row.client_busy == pytest.approx(0.003)
    assert (row.offered, row.answered) == (60, 50)
    assert row.noise == pytest.approx(0.5)
    assert row.p50 == row.p99 == pytest.approx(4, rel=0.01)
    assert Row(**row.as_json()) == row


def test_noisy_repetitions_are_left_out() -> None:
    rows = [Row("title", per_second=number, noise=noise) for number, noise in ((10.0, 0.1), (14.0, 0.2), (2.0, 1.5))]
    assert median(rows).per_second == 12
    assert median([Row("title", per_second=5.0, noise=1.5)]).per_second == 5


def test_the_lag_of_clients_is_told() -> None:
    tally = Tally(0, 2)
    tally.lag.add(0.25)
    assert row_of("title", tally, NOTHING_USED).lag == pytest.approx(250, rel=0.01)


def test_refusals_have_latencies_and_a_cost_of_their_own() -> None:
    tally = Tally(0, 1)
    for number in range(100):
        tally.note(0.1, 0.15, "0")
        tally.note(0.1, 0.1 + number / 1000, "-3")
        tally.note(0.1, 0.11, "-3")
    overload = row_of("overload", tally, Used({"gate": 0.04, "worker": 0.03}, 0, {}))
    row = refusals(overload, Row("peak", cpu={"gate": 0.2, "worker": 0.4}))
    assert (overload.per_second, row.per_second) == (100, 200)
    assert [overload.p99, row.p50, row.p99] == pytest.approx([50, 10, 97], rel=0.01)
    assert row.cpu == pytest.approx({"gate": 0.1, "worker": 0})  # 40 - 100 * 0.2 = 20 ms for 200 of them


def test_a_run_without_refusals_has_no_row_of_them_that_looks_like_one() -> None:
    tally = Tally(0, 1)
    tally.note(0.1, 0.2, "0")
    row = refusals(row_of("overload", tally, NOTHING_USED), Row("peak"))
    assert (row.per_second, row.p99, row.cpu_in_all) == (0, 0, 0)


def test_medians_are_taken_of_each_figure() -> None:
    rows = [Row("title", per_second=number, cpu={"gate": 10.0 - number}, outcomes={"0": number} if number > 1 else {})
            for number in (1.0, 2.0, 9.0)]
    found = median(rows)
    assert (found.title, found.per_second, found.cpu, found.outcomes) == ("title", 2, {"gate": 8}, {"0": 2})
