"""The command line of ``python -m tests.faults``."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.local.processes import ROOT

PAGE = ROOT / "docs" / "faults.md"


@dataclass(frozen=True)
class Options:
    """What to play and where to write it."""

    cases: tuple[str, ...]
    seconds: float
    quick: bool
    list: bool
    keep: bool
    json: Path
    page: Path
    actors: int
    seed: int


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line. Ends the process with a usage error when it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Breaks the system and counts.")
    parser.add_argument("--cases", default=(), type=words, help="names of cases, separated by commas; default: all")
    parser.add_argument("--seconds", default=3.0, type=length, help="how long a strike lasts (0.5 to 60)")
    parser.add_argument("--quick", action="store_true", help="a few cases, one or two processes of each kind")
    parser.add_argument("--list", action="store_true", help="list the cases and end")
    parser.add_argument("--keep", action="store_true", help="keep the data and logs of the system")
    parser.add_argument("--json", default=ROOT / ".run" / "faults.json", type=Path, help="where to write everything")
    parser.add_argument("--page", default=PAGE, type=Path, help="page that a run of all cases writes")
    parser.add_argument("--actors", default=16, type=count, help="players that act at once (4 to 64)")
    parser.add_argument("--seed", default=1, type=int, help="of the choices that the players make")
    return Options(**vars(parser.parse_args(arguments)))


def words(text: str) -> tuple[str, ...]:
    """Split names."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def length(text: str) -> float:
    """Read a number of seconds. Raises ValueError."""
    seconds = float(text)
    if not 0.5 <= seconds <= 60:
        raise argparse.ArgumentTypeError("not between 0.5 and 60")
    return seconds


def count(text: str) -> int:
    """Read a number of players. Raises ValueError."""
    number = int(text)
    if not 4 <= number <= 64:
        raise argparse.ArgumentTypeError("not between 4 and 64")
    return number
