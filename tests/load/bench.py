"""The benchmark: ``python -m tests.load.bench``, see ``--help``.

Starts a system of its own, registers players, measures what a request costs in all server processes together, beside
floors of the same run, and prints a table with the targets.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.load import compare, page, reference, settings, system, table
from tests.load.plots import PICTURES, draw
from tests.load.results import Row
from tests.load.suite import Phase, Suite
from tests.load.targets import Verdict, verdicts
from tests.load.trust import doubts
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
    judged = [] if options.quick else verdicts(rows, settings.limits(options), options.reference_floor)
    found = report(rows, judged, options)
    print(found)
    write(options.json, rows, judged, options)
    pictures = plot(rows, options.plots)
    if options.page:
        options.page.write_text(page.text(found, system.machine(), options, pictures))
    if earlier:
        print("\n" + compare.compared(earlier, rows))
    return 0


def run_all(suite: Suite, options: argparse.Namespace) -> None:
    """Run the chosen measurements: the repeated ones round after round, then the others."""
    for number in range(options.repeat):
        for name, phase in chosen(suite.repeated(), options.only).items():
            run_one(suite, name, phase, options.quiet_wait, f"{number + 1}/{options.repeat} ")
    for name, phase in chosen(suite.once(), options.only).items():
        run_one(suite, name, phase, options.quiet_wait)


def run_one(suite: Suite, name: str, phase: Phase, quiet_wait: float, turn: str = "") -> None:
    """Run one measurement, and show what it found and how long it took."""
    wait_quiet(quiet_wait)
    begun = time.monotonic()
    row = suite.run(name, phase)
    told(f"{turn}{name} ({time.monotonic() - begun:.0f} s)", row)


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


def report(rows: Mapping[str, Row], judged: Sequence[Verdict], options: argparse.Namespace) -> str:
    """Return everything for people. A quick run is too rough, and too small, to be judged."""
    parts = [reference.told(rows, options.reference_floor), table.results(rows, settings.limits(options)),
             table.memory(rows), *([table.judged(judged)] if judged else [])]
    return "\n\n".join(parts)


def read(path: Path) -> dict[str, Row]:
    """Read the rows of an earlier run."""
    content: dict[str, Any] = json.loads(path.read_text())
    return {name: Row(**row) for name, row in content["rows"].items()}


def write(path: Path, rows: Mapping[str, Row], judged: Sequence[Verdict], options: argparse.Namespace) -> None:
    """Write all figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    limits = settings.limits(options)
    content = {"machine": system.machine(), "quick": options.quick, "local": options.local, "repeat": options.repeat,
               "limits": vars(limits), "reference_floor": options.reference_floor,
               "reference_ratio": reference.ratio(rows, options.reference_floor),
               "rows": {name: row.as_json() for name, row in rows.items()},
               "doubts": {name: found for name, row in rows.items() if (found := doubts(row, limits))},
               "targets": [vars(verdict) for verdict in judged]}
    path.write_text(json.dumps(content, indent=1) + "\n")


def plot(rows: Mapping[str, Row], folder: Path) -> list[tuple[Path, str]]:
    """Draw pictures, or say why there are none; return them and what they show."""
    try:
        pictures = draw(rows, folder)
    except ImportError:
        print("no pictures: matplotlib is not installed", file=sys.stderr)
        return []
    print("\n".join(["", *map(str, pictures)]))
    return list(zip(pictures, PICTURES.values(), strict=True))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that all is stopped that was started
    sys.exit(main(sys.argv[1:]))
