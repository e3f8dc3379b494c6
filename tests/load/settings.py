"""The command line of the benchmark."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.load.phase import Span
from tests.load.trust import Limits

PAGE = Path("docs/speed.md")
REFERENCE_FLOOR = 0.057


@dataclass(frozen=True)
class Sizes:
    """How much is measured, and for how long."""

    span: Span
    floor_span: Span
    players: int
    crowd: int
    large_crowd: int
    chat_clients: int
    chat_rate: float
    quiet_clients: int
    quiet_seconds: float
    idle_clients: int
    lines: int


FULL = Sizes(span=Span(1.5, 5), floor_span=Span(0.5, 3), players=100, crowd=1000, large_crowd=10_000,
             chat_clients=200, chat_rate=1200, quiet_clients=900, quiet_seconds=12,
             idle_clients=10_000, lines=4000)
QUICK = Sizes(span=Span(0.3, 0.8), floor_span=Span(0.2, 0.5), players=10, crowd=100, large_crowd=300,
              chat_clients=20, chat_rate=100, quiet_clients=40, quiet_seconds=1,
              idle_clients=100, lines=200)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="tests.load.bench",
        description="Start a system of its own, load it, and print what a request costs beside the floors.",
        epilog="Further arguments after -- go to apps.local, such as --workers=2.")
    parser.add_argument("--quick", action="store_true", help="a minute instead of ten, with rough figures")
    parser.add_argument("--repeat", type=int, help="rounds, of which the medians are shown (3; with --quick 1)")
    parser.add_argument("--only", default="", metavar="NAMES",
                        help="names of measurements or beginnings of them, separated by commas: reads,floor")
    parser.add_argument("--scenario", action="append", default=[], metavar="FILE.toml",
                        help="measure a scenario file too; may be given again")
    parser.add_argument("--rate", type=float, default=0.0,
                        help="requests a second of --scenario in an open loop, instead of a closed one")
    parser.add_argument("--arrivals", choices=("poisson", "fixed"), default="poisson", help="of all open loops")
    parser.add_argument("--clients", type=int, default=32, help="clients of a closed loop (default %(default)s)")
    parser.add_argument("--seconds", type=float, help="seconds of a measurement (5; with --quick less)")
    parser.add_argument("--players", type=int, help="players who ask (100; with --quick 10)")
    parser.add_argument("--quiet-wait", type=float, default=0.0, metavar="SECONDS",
                        help="how long each measurement may wait for a moment when nothing else uses the machine")
    parser.add_argument("--data-dir", help="folder for the data of the system; a temporary one if not given")
    parser.add_argument("--json", type=Path, default=Path("bench/latest.json"), metavar="FILE",
                        help="file for all figures (default %(default)s)")
    parser.add_argument("--page", type=Path, metavar="FILE.md",
                        help=f"page for people to write tables and pictures to ({PAGE}, if all is measured)")
    parser.add_argument("--plots", type=Path, metavar="FOLDER",
                        help="folder for pictures (that of the page, or of --json without one); needs matplotlib")
    parser.add_argument("--noise-limit", type=float, default=Limits.noise, metavar="CORES",
                        help="cores that may be busy with something else before a row is marked (%(default)s)")
    parser.add_argument("--lag-limit", type=float, default=Limits.lag, metavar="SHARE",
                        help="share of the p99 by which load clients may be late themselves (%(default)s)")
    parser.add_argument("--client-limit", type=float, default=Limits.client, metavar="CORES",
                        help="share of a core that a process of load clients may use (%(default)s)")
    parser.add_argument("--reference-floor", type=float, default=REFERENCE_FLOOR, metavar="MILLISECONDS",
                        help="CPU of the line server's floor where absolute targets were set (%(default)s)")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="show what has changed since this run")
    parser.add_argument("local", nargs="*", metavar="-- ARGUMENTS", help="arguments of apps.local")
    return _completed(parser.parse_args(arguments))


def limits(options: argparse.Namespace) -> Limits:
    """Return beyond what a measurement is not to be trusted."""
    return Limits(options.noise_limit, options.lag_limit, options.client_limit)


def _completed(options: argparse.Namespace) -> argparse.Namespace:
    """Fill in what follows from other options: a page is not overwritten by a run that measures only a part."""
    options.repeat = options.repeat or (1 if options.quick else 3)
    if not (options.quick or options.only):
        options.page = options.page or PAGE
    options.plots = options.plots or (options.page or options.json).parent
    return options


def sizes(options: argparse.Namespace) -> Sizes:
    """Return how much is to be measured."""
    chosen = QUICK if options.quick else FULL
    span = Span(chosen.span.warm_up, options.seconds or chosen.span.measured)
    return Sizes(**{**vars(chosen), "span": span, "players": options.players or chosen.players})
