"""The benchmark: ``python -m tests.load.bench``, see ``--help``.

Starts a system of its own, registers players, measures what a request costs in all server processes together, beside
floors of the same run, and prints a table with the targets.
"""

import argparse
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.load import compare, page, settings, system, table
from tests.load.plots import draw
from tests.load.results import Row
from tests.load.suite import Phase, Suite
from tests.load.targets import verdicts
from tests.load.usage import wait_quiet


def main(arguments: list[str]) -> int:
    """Return 0 when all measurements were made, whether or not they reach the targets; 2 when one is unknown."""
    options = settings.parse(arguments)
    earlier = read(options.compare) if options.compare else {}
    print("starting the system", file=sys.stderr)
    with system.running(options.local, options.data_dir) as measured:
        suite = Suite(measured, settings.sizes(options), options)
        names = [*suite.repeated(), *suite.once()]
        if unknown := unmatched(options.only, names):
            print(f"no measurement begins with {', '.join(unknown)}; there are {', '.join(names)}", file=sys.stderr)
            return 2
        run_all(suite, options)
    rows = suite.medians()
    found = report(rows, judge=not options.quick)
    print(found)
    if options.page:
        options.page.write_text(page.text(found, system.machine(), options))
    write(options.json, rows, options)
    if earlier:
        print("\n" + compare.compared(earlier, rows))
    if options.plots:
        plot(rows, options.plots)
    return 0


def run_all(suite: Suite, options: argparse.Namespace) -> None:
    """Run the chosen measurements: the repeated ones round after round, then the others."""
    repeat = options.repeat or (1 if options.quick else 3)
    for number in range(repeat):
        for name, phase in chosen(suite.repeated(), options.only).items():
            wait_quiet(options.quiet_wait)
            told(f"{number + 1}/{repeat} {name}", suite.run(name, phase))
    for name, phase in chosen(suite.once(), options.only).items():
        wait_quiet(options.quiet_wait)
        told(name, suite.run(name, phase))


def chosen(phases: Mapping[str, Phase], only: str) -> dict[str, Phase]:
    """Return the measurements whose names begin with one of the words of ``only``; all if it is empty."""
    return {name: phase for name, phase in phases.items() if name.startswith(tuple(only.split(",")) if only else "")}


def unmatched(only: str, names: Sequence[str]) -> list[str]:
    """Return the words of ``only`` with which no name begins."""
    words = only.split(",") if only else []
    return [word for word in words if not word or not any(name.startswith(word) for name in names)]


def told(name: str, row: Row) -> None:
    """Show that a measurement is done."""
    print(f"{name}: {row.per_second:,.0f}/s, p99 {row.p99:.1f} ms, {row.cpu_in_all:.3f} ms of CPU, "
          f"noise {row.noise:.1f}", file=sys.stderr)


def report(rows: Mapping[str, Row], *, judge: bool) -> str:
    """Return everything for people. A quick run is too rough, and too small, to be judged."""
    whole = max(rows.values(), key=lambda row: len(row.memory))
    parts = [table.results(rows), table.memory(whole)]
    return "\n\n".join([*parts, table.judged(verdicts(rows))] if judge else parts)


def read(path: Path) -> dict[str, Row]:
    """Read the rows of an earlier run."""
    content: dict[str, Any] = json.loads(path.read_text())
    return {name: Row(**row) for name, row in content["rows"].items()}


def write(path: Path, rows: Mapping[str, Row], options: argparse.Namespace) -> None:
    """Write all figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": system.machine(), "quick": options.quick, "local": options.local,
               "rows": {name: row.as_json() for name, row in rows.items()},
               "targets": [vars(verdict) for verdict in verdicts(rows)] if not options.quick else []}
    path.write_text(json.dumps(content, indent=1) + "\n")


def plot(rows: Mapping[str, Row], folder: Path) -> None:
    """Draw pictures, or say why there are none."""
    try:
        print("\n".join(["", *(str(path) for path in draw(rows, folder))]))
    except ImportError:
        print("no pictures: matplotlib is not installed", file=sys.stderr)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that all is stopped that was started
    sys.exit(main(sys.argv[1:]))
