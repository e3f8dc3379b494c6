"""The run: the cases on the stages that they need, the table, the page and the exit code."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.faults import rollout, rollout_backends, rollout_report, rollout_servers_report
from tests.faults.cases import ALL, QUICK, SERVERS, Case, select
from tests.faults.options import Options, parse
from tests.faults.people import recruit
from tests.faults.play import Play
from tests.faults.report import HEADINGS, Result, as_json, line, page, table
from tests.faults.stage import Size, Stage, direct, proxied

TALKERS = 8
SMALL = Size(gates=2, workers=2, edges=2, auths=1, configs=1, mails=1)
WIDTHS = (18, 6, *map(len, HEADINGS[2:-1]))


def main() -> int:
    """Return the exit code: 1 when something that must hold was broken, 2 for a wrong call."""
    options = parse(sys.argv[1:])
    if options.list:
        print("\n".join(f"{case.name:<18}{case.title}" for case in ALL))
        return 0
    try:
        cases = select(options.cases or (QUICK if options.quick else ()))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    with data_folder(keep=options.keep) as folder:
        results = run(cases, options, folder, lambda text: print(text, flush=True))
    write(results, options, whole=len(cases) == len(ALL))
    print(f"\n{table(results)}\n{rollout_report.text(results)}"
          f"{rollout_servers_report.text(results)}", end="")
    return 0 if all(result.passed for result in results) else 1


@contextmanager
def data_folder(*, keep: bool) -> Iterator[Path]:
    """A folder for the data of the systems, which goes away unless it is kept."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        yield folder
    finally:
        if keep:
            print(f"the data and logs stay in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def run(cases: Sequence[Case], options: Options, folder: Path, show: Callable[[str], None]) -> list[Result]:
    """Play the cases, those that need no proxies first, the rehearsals last."""
    size = SMALL if options.quick else Size()
    struck, rehearsed = ([case for case in cases if case.rehearsed is wanted] for wanted in (False, True))
    plain, netted = ([case for case in struck if case.proxied is wanted] for wanted in (False, True))
    show(line(HEADINGS, WIDTHS))
    results = [*run_on(direct(folder, size), plain, options, show),
               *run_on(proxied(folder, SMALL), netted, options, show)]
    for case in rehearsed:
        rehearse = rollout_backends.rehearse if case is SERVERS else rollout.rehearse
        results.append(rehearse(case, folder, options.actors, options.seed))
        show(line(results[-1].cells, WIDTHS))
    return results


def run_on(opened: AbstractContextManager[Stage], cases: Sequence[Case], options: Options,
           show: Callable[[str], None]) -> list[Result]:
    """Play cases on one stage, which is started only if there are any."""
    results: list[Result] = []
    if not cases:
        return results
    with opened as stage:
        play = Play(stage, recruit(stage.gates, options.actors, TALKERS), options.seconds, options.seed)
        for case in cases:
            results.append(play.run(case))
            show(line(results[-1].cells, WIDTHS))
    return results


def write(results: Sequence[Result], options: Options, *, whole: bool) -> None:
    """Write the JSON, and after a run of all cases the page."""
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(as_json(results, machine()))
    if whole:
        options.page.write_text(page(results, machine()))


def machine() -> str:
    """Return what kind of machine this is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return f"{os.cpu_count()} cores, {memory} GiB, {platform.system()} {platform.machine()}"
