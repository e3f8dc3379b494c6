"""The benchmark's reports: table, targets, comparison, and the orders of client processes."""

import os
from pathlib import Path

import pytest

from tests.load import bench, compare, page, settings, table, targets
from tests.load.floors import floor_below
from tests.load.phase import Load
from tests.load.results import Row
from tests.load.trust import Limits, doubts
from tests.load.usage import Usage, difference, kind_of

LIMITS = Limits(noise=0.3, lag=0.25, client=0.85)
REFERENCE = 0.057


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
    found = {verdict.text: (verdict.value, verdict.met) for verdict in targets.verdicts(rows(), LIMITS, REFERENCE)}
    assert found == {
        "CPU of an authenticated read, ms": (0.5, True),
        "peak reads a second": (1600, True),
        "p99 at half the peak, open loop, ms": (11, False),
    }


def test_the_table_shows_every_row_and_leaves_out_empty_columns() -> None:
    lines = table.results(rows(), LIMITS).splitlines()
    head, [half] = lines[0].split(), [line for line in lines if line.startswith("half_peak")]
    assert "gate" in head
    assert "auth" not in head
    assert half.endswith("-3:10.0%")
    assert {line.split()[0] for line in lines[1:9]} == set(rows())
    assert "NOT MET" in table.judged(targets.verdicts(rows(), LIMITS, REFERENCE))


def test_absolute_targets_of_cpu_are_judged_at_the_speed_of_the_reference_too() -> None:
    slow = {**rows(1.0), "floor_line": Row("floor", cpu={"other": 0.114}),
            "chat": Row("chat", p99=5.0, more={"deliveries a core": 150_000})}
    found = {one.text: one for one in targets.verdicts(slow, LIMITS, REFERENCE)}
    read, chat = found["CPU of an authenticated read, ms"], found["chat deliveries a second and core"]
    assert (read.value, read.met, read.scaled, read.scaled_met) == (1.0, False, 0.5, True)
    assert (chat.met, chat.scaled, chat.scaled_met) == (False, 300_000, True)
    assert found["p99 at half the peak, open loop, ms"].scaled is None
    line = next(line for line in table.judged(list(found.values())).splitlines() if line.startswith("CPU of an auth"))
    assert line.split()[-4:] == ["NOT", "MET", "0.5", "met"]


def test_without_its_floor_the_speed_of_the_machine_is_unknown() -> None:
    without = {name: row for name, row in rows().items() if name != "floor_line"}
    assert all(one.scaled is None for one in targets.verdicts(without, LIMITS, REFERENCE))
    assert "not measured" in bench.report(without, [], settings.parse([]))


@pytest.mark.parametrize(("row", "marks"), [
    (Row("good", p99=10, lag=2.4, client_busy=0.8, noise=0.2, offered=100, answered=96), []),
    (Row("others", noise=0.4), ["noise"]), (Row("generator", p99=10, lag=2.6), ["late"]),
    (Row("too quick to be late", p99=1, lag=0.9), []), (Row("sender", client_busy=0.9), ["client"]),
    (Row("unanswered", offered=100, answered=90), ["behind"])])
def test_what_speaks_against_a_measurement_is_marked(row: Row, marks: list[str]) -> None:
    assert doubts(row, LIMITS) == marks
    assert table.results({"x": row}, LIMITS).splitlines()[1].split()[-len(marks):] == marks or not marks


def test_a_verdict_names_the_doubts_of_the_measurement_it_rests_on() -> None:
    doubtful = rows()
    doubtful["reads_16"].noise = doubtful["half_peak"].noise = 0.5
    found = {one.text: one.doubts for one in targets.verdicts(doubtful, LIMITS, REFERENCE)}
    assert found == {"CPU of an authenticated read, ms": (), "peak reads a second": (),
                     "p99 at half the peak, open loop, ms": ("half_peak: noise",)}


def test_what_is_compared_was_measured_at_the_same_rate() -> None:
    names = ("kept_even", "kept_even_tls", "workers_even_1", "workers_even_4", "players_even_1k", "players_even_10k")
    pairs = {name: Row(name, cpu={"gate": cost}) for name, cost in zip(names, (1, 1.1, 1, 1.2, 1, 1), strict=True)}
    assert [(round(one.value, 2), one.met) for one in targets.verdicts(pairs, LIMITS, REFERENCE)] == [
        (1.1, True), (1.2, False), (1, True)]


def test_memory_has_a_column_for_each_service() -> None:
    figures = {"a": {"mysql": 160.0, "gate": 40.0}, "b": {"edge": 30.0}, "c": {}}
    assert table.memory({name: Row(name, memory=memory) for name, memory in figures.items()}).splitlines() == [
        "MiB  all  gate  edge  mysql", "a    200    40          160", "b     30          30"]


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


def test_only_a_whole_run_writes_the_page_and_pictures_lie_beside_it() -> None:
    whole, part, elsewhere = settings.parse([]), settings.parse(["--only=mix"]), settings.parse(["--page=x/y.md"])
    assert (whole.page, whole.plots) == (settings.PAGE, settings.PAGE.parent)
    assert (part.page, part.plots) == (None, part.json.parent)
    assert elsewhere.plots == Path("x")


def test_usage_sees_this_process() -> None:
    usage = Usage({"test-0": os.getpid()})
    before = usage.cpu_seconds()
    while difference(usage.cpu_seconds(), before)["test"] == 0:
        sum(range(10_000))
    assert usage.megabytes()["test"] > 1
    assert kind_of("gate-tls") == "gate"


def test_the_page_has_the_tables_and_what_they_were_measured_on() -> None:
    options = settings.parse(["--repeat=5", "--page=out/speed.md"])
    tables = bench.report(rows(), targets.verdicts(rows(), LIMITS, REFERENCE), options)
    text = page.text(tables, {"cpus": 2, "python": "3.11", "load": "[1.0]"}, options,
                     [(Path("out/speed-cpu.png"), "CPU")])
    assert f"```\n{tables}\n```\n" in text
    assert "\ncpus 2, python 3.11; medians of 5 rounds.\n" in text
    assert text.endswith("\n![CPU](speed-cpu.png)\n")
    assert "0.050 ms of CPU a request; on the machine on which absolute targets were set 0.057 ms." in text
    assert "times 1.14." in text
