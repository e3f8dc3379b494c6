"""The benchmark's reports: table, targets, comparison, and the orders of client processes."""

import os

import pytest

from tests.load import bench, compare, page, settings, table, targets
from tests.load.floors import floor_below
from tests.load.phase import Load
from tests.load.results import Row
from tests.load.usage import Usage, difference, kind_of


def rows(read: float = 0.5) -> dict[str, Row]:
    names = ("floor_line", "floor_nats", "floor_redis", "floor_select")
    floors = {name: Row(name, cpu={"other": 0.05}) for name in names}
    cpu = {"gate": read / 2, "worker": read / 2}
    reads = {name: Row("reads", per_second=rate, p99=9.0, cpu=cpu, memory={"gate": 40})
             for name, rate in zip(targets.READS, (1000.0, 1600.0, 1500.0), strict=True)}
    return {**floors, **reads, "half_peak": Row("half", p99=11.0, outcomes={"0": 90, "-3": 10})}


def test_the_floor_of_a_read_is_the_sum_of_its_parts() -> None:
    assert floor_below("reads_32", rows()) == pytest.approx(6 * 0.05)
    assert floor_below("mix", rows()) is None
    assert floor_below("overload", rows()) is None


def test_targets_are_judged_where_there_are_figures() -> None:
    found = {verdict.text: (verdict.value, verdict.met) for verdict in targets.verdicts(rows())}
    assert found == {
        "CPU of an authenticated read, ms": (0.5, True),
        "peak reads a second": (1600, True),
        "p99 at half the peak, open loop, ms": (11, False),
    }


def test_the_table_shows_every_row_and_leaves_out_empty_columns() -> None:
    lines = table.results(rows()).splitlines()
    head, [half] = lines[0].split(), [line for line in lines if line.startswith("half_peak")]
    assert "gate" in head
    assert "auth" not in head
    assert half.endswith("-3:10.0%")
    assert {line.split()[0] for line in lines[1:9]} == set(rows())
    assert "NOT MET" in table.judged(targets.verdicts(rows()))


def test_columns_are_aligned() -> None:
    assert table.aligned([("", "a", "b"), ("x", "100", ""), ("long", "1", "")]) == [
        "        a", "x     100", "long    1"]


def test_a_comparison_shows_what_both_runs_have() -> None:
    text = compare.compared({**rows(1.0), "gone": Row("gone")}, rows(0.5))
    assert "-50%" in text
    assert "gone" not in text


def test_clients_and_rate_are_shared_by_the_processes() -> None:
    orders = Load([("h", 1)], ["a", "b", "c"], clients=5, rate=100).orders()
    assert [order["clients"] for order in orders] == [3, 2]
    assert [order["rate"] for order in orders] == [50, 50]
    assert [order["lines"] for order in orders] == [["a", "c"], ["b"]]
    assert orders[0]["name"] != orders[1]["name"]


def test_measurements_are_chosen_by_the_beginnings_of_their_names() -> None:
    phases = {name: lambda: Row("") for name in ("reads_16", "reads_32", "mix", "mail")}
    assert list(bench.chosen(phases, "reads,mix")) == ["reads_16", "reads_32", "mix"]
    assert list(bench.chosen(phases, "")) == list(phases)


def test_quick_is_small_and_options_have_the_last_word() -> None:
    quick = settings.sizes(settings.parse(["--quick", "--seconds", "3", "--players", "4"]))
    assert (quick.span.measured, quick.players, quick.idle_clients) == (3, 4, settings.QUICK.idle_clients)
    assert settings.sizes(settings.parse([])) == settings.FULL
    assert settings.parse(["--", "--workers=2"]).local == ["--workers=2"]


def test_usage_sees_this_process() -> None:
    usage = Usage({"test-0": os.getpid()})
    before = usage.cpu_seconds()
    while difference(usage.cpu_seconds(), before)["test"] == 0:
        sum(range(10_000))
    assert usage.megabytes()["test"] > 1
    assert kind_of("gate-tls") == "gate"


def test_the_page_has_the_tables_and_what_they_were_measured_on() -> None:
    tables = bench.report(rows(), judge=True)
    text = page.text(tables, {"cpus": 2, "python": "3.11", "load": "[1.0]"}, settings.parse(["--repeat=5"]))
    assert f"```\n{tables}\n```\n" in text
    assert "\ncpus 2, python 3.11; medians of 5 rounds.\n" in text
