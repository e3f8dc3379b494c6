"""The figures as a table for people. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from tests.load.floors import floor_below
from tests.load.results import Row
from tests.load.targets import Verdict
from tests.load.trust import MARKS, Limits, doubts

FIRST = ("gate", "worker")


LEGEND = """latencies in ms; CPU in ms a request, in all and of each service; client: CPU of load clients, in no sum;
noise: cores that were busy with something else; lag: how late the load clients were, p99 in ms; x floor: CPU / that of
the floors below"""


def results(rows: Mapping[str, Row], limits: Limits) -> str:
    """Return the table of all rows."""
    kinds = services(rows)
    head = ("", "req/s", "p50", "p95", "p99", "max", "CPU", *kinds, "client", "noise", "lag", "x floor", "not 0",
            "doubt")
    lines = [head, *((*_cells(name, row, kinds, floor_below(name, rows)), " ".join(doubts(row, limits)))
                     for name, row in rows.items())]
    titles = [f"  {name}: {row.title}{_more(row)}" for name, row in rows.items()]
    return "\n".join([*aligned(lines), "", LEGEND, MARKS, "", *titles])


def services(rows: Mapping[str, Row]) -> list[str]:
    """Return all services that used CPU, those first that every request meets."""
    return _sorted({kind for row in rows.values() for kind, used in row.cpu.items() if used})


def memory_kinds(rows: Mapping[str, Row]) -> list[str]:
    """Return all services of which the memory is known, those first that every request meets."""
    return _sorted({kind for row in rows.values() for kind in row.memory})


def memory(rows: Mapping[str, Row]) -> str:
    """Return the table of resident memory at the end of each measurement, in MiB, in all and of each service."""
    kinds = memory_kinds(rows)
    lines = [("MiB", "all", *kinds), *((name, _megabytes(sum(row.memory.values())),
                                        *(_megabytes(row.memory.get(kind, 0.0)) for kind in kinds))
                                       for name, row in rows.items() if row.memory)]
    return "\n".join(aligned(lines))


def judged(verdicts: Sequence[Verdict]) -> str:
    """Return the table of targets."""
    head = ("target", "", "limit", "found", "", "at reference speed", "", "doubt")
    return "\n".join(aligned([head, *(
        (one.text, one.sign, f"{one.limit:,g}", _figure(one.value), _met(one.met), _figure(one.scaled),
         _met(one.scaled_met), ", ".join(one.doubts)) for one in verdicts)]))


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with columns of equal width, the first one to the left, without columns that are empty."""
    columns = [column for column in zip(*lines, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    return ["  ".join(cell.ljust(width) if not number else cell.rjust(width)
                      for number, (cell, width) in enumerate(zip(cells, widths, strict=True))).rstrip()
            for cells in zip(*columns, strict=True)]


def _cells(name: str, row: Row, kinds: Sequence[str], floor: float | None) -> tuple[str, ...]:
    latencies = (row.p50, row.p95, row.p99, row.largest)
    return (name, f"{row.per_second:,.0f}", *(f"{value:.1f}" for value in latencies), _cpu(row.cpu_in_all),
            *(_cpu(row.cpu.get(kind, 0.0)) for kind in kinds), _cpu(row.client_cpu), f"{row.noise:.1f}",
            f"{row.lag:.1f}" if row.lag else "", f"{row.cpu_in_all / floor:.2f}" if floor else "", _others(row))


def _sorted(kinds: Iterable[str]) -> list[str]:
    return sorted(kinds, key=lambda kind: (kind not in FIRST, kind))


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"


def _met(met: bool | None) -> str:
    return "" if met is None else "met" if met else "NOT MET"


def _megabytes(value: float) -> str:
    return f"{value:,.0f}" if value else ""


def _cpu(milliseconds: float) -> str:
    return f"{milliseconds:.4f}" if 0 < milliseconds < 0.01 else f"{milliseconds:.3f}" if milliseconds else ""


def _others(row: Row) -> str:
    total = sum(row.outcomes.values())
    return " ".join(f"{outcome}:{count / total:.1%}" for outcome, count in row.outcomes.items()
                    if outcome != "0" and count)


def _more(row: Row) -> str:
    return "".join(f"; {name} {value:,.{0 if value >= 100 else 1}f}" for name, value in row.more.items())
