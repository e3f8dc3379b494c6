"""The command line of ``python -m apps.worker.chat``. What it does not know are options of the worker."""

import argparse
import re
from collections.abc import Sequence
from datetime import timedelta

from apps.worker import operators

PROGRAM = "apps.worker.chat"
DESCRIPTION = "Who may not speak in the chat, and announcements to those who asked for them."
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LENGTH = re.compile(r"([1-9]\d{0,8})([smhd])")


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return what was asked for, and the arguments that are left. Ends the process with code 2 for a wrong call."""
    parser = operators.parser(PROGRAM, DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    mute = commands.add_parser("mute", help="let somebody, or a channel, be silent for a while", allow_abbrev=False)
    mute.add_argument("--for", dest="length", type=length, required=True, metavar="LENGTH",
                      help="for how long from now: 90s, 30m, 12h or 7d")
    unmute = commands.add_parser("unmute", help="end that now", allow_abbrev=False)
    for command in (mute, unmute):
        _add_target(command)
        command.add_argument("--who", required=True, help="who says so, for the record")
    shown = commands.add_parser("list", help="list who and what is muted now", allow_abbrev=False)
    shown.add_argument("--world", default="", help="only in this world")
    announce = commands.add_parser("announce", help="tell all clients of a world that asked for it",
                                   allow_abbrev=False)
    announce.add_argument("--world", required=True, help="world where the players live")
    announce.add_argument("--text", required=True, help="one line")
    return parser.parse_known_args(arguments)


def length(text: str) -> timedelta:
    """Return the length of a mute. Raises ArgumentTypeError."""
    found = LENGTH.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number with s, m, h or d, such as 30m")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _add_target(command: argparse.ArgumentParser) -> None:
    command.add_argument("--world", required=True, help="world where the players live")
    target = command.add_mutually_exclusive_group(required=True)
    target.add_argument("--player", default="", metavar="NAME", help="a player by game name, in all channels")
    target.add_argument("--uid", default="", help="a player by uid")
    target.add_argument("--family", default="", metavar="NAME", help="the chat of a family, whatever its name later")
    target.add_argument("--public", action="store_true", help="the public chat of the world")
