"""The figures as a table for people. Pure."""

from collections.abc import Mapping, Sequence

from tests.load.floors import floor_below
from tests.load.results import Row
from tests.load.targets import Verdict

FIRST = ("gate", "worker")


LEGEND = """latencies in ms; CPU in ms a request, in all and of each service; client: CPU of load clients, in no sum;
noise: cores that were busy with something else; x floor: CPU / that of the floors below; MiB: resident, all servers"""


def results(rows: Mapping[str, Row]) -> str:
    """Return the table of all rows."""
    kinds = services(rows)
    head = ("", "req/s", "p50", "p95", "p99", "max", "CPU", *kinds, "client", "noise", "x floor", "MiB", "not 0")
    lines = [head, *(_cells(name, row, kinds, floor_below(name, rows)) for name, row in rows.items())]
    titles = [f"  {name}: {row.title}{_more(row)}" for name, row in rows.items()]
    return "\n".join([*aligned(lines), "", LEGEND, "", *titles])


def services(rows: Mapping[str, Row]) -> list[str]:
    """Return all services that used CPU, those first that every request meets."""
    found = {kind for row in rows.values() for kind, used in row.cpu.items() if used}
    return sorted(found, key=lambda kind: (kind not in FIRST, kind))


def memory(row: Row) -> str:
    """Return the memory of each service."""
    return "MiB: " + ", ".join(f"{kind} {megabytes:.0f}" for kind, megabytes in row.memory.items())


def judged(verdicts: Sequence[Verdict]) -> str:
    """Return the table of targets."""
    head = ("target", "", "limit", "found", "")
    return "\n".join(aligned([head, *(
        (one.text, one.sign, f"{one.limit:,g}", f"{one.value:,.3g}" if one.value < 1000 else f"{one.value:,.0f}",
         "met" if one.met else "NOT MET") for one in verdicts)]))


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
            f"{row.cpu_in_all / floor:.2f}" if floor else "", f"{sum(row.memory.values()):.0f}", _others(row))


def _cpu(milliseconds: float) -> str:
    return f"{milliseconds:.4f}" if 0 < milliseconds < 0.01 else f"{milliseconds:.3f}" if milliseconds else ""


def _others(row: Row) -> str:
    total = sum(row.outcomes.values())
    return " ".join(f"{outcome}:{count / total:.1%}" for outcome, count in row.outcomes.items()
                    if outcome != "0" and count)


def _more(row: Row) -> str:
    return "".join(f"; {name} {value:,.{0 if value >= 100 else 1}f}" for name, value in row.more.items())
