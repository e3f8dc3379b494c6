"""The command line of ``python -m apps.worker.mail_jobs``. What it does not know are options of the worker."""

import argparse
from collections.abc import Sequence

from apps.worker import operators

PROGRAM = "apps.worker.mail_jobs"
DESCRIPTION = "System mails to many players, as jobs of the workers."
CHANGES = {
    "pause": "stop writing mails until resume; those that are written are still delivered",
    "resume": "go on after pause",
    "cancel": "stop writing mails for good; those that are written are still delivered",
}


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return what was asked for, and the arguments that are left. Ends the process with code 2 for a wrong call."""
    parser = operators.parser(PROGRAM, DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_create(commands)
    shown = commands.add_parser("list", help="list jobs, unfinished ones first", allow_abbrev=False)
    shown.add_argument("--most", type=int, default=50, metavar="N", help="jobs to list (default: 50)")
    for name, help_text in {"show": "show one job in full", **CHANGES}.items():
        command = commands.add_parser(name, help=help_text, allow_abbrev=False)
        command.add_argument("key", help="the key that the job was created with")
    return parser.parse_known_args(arguments)


def _add_create(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    create = commands.add_parser("create", help="send a mail to many players", epilog=operators.EPILOG,
                                 allow_abbrev=False)
    create.add_argument("--key", required=True, help="name of the job: the same key twice makes one job")
    create.add_argument("--who", required=True, help="who sends it, for the record")
    create.add_argument("--world", required=True, help="world where the players live")
    create.add_argument("--title", required=True, help="subject; for some, like SYSTEM_REWARD, the client has a text")
    create.add_argument("--body", default="", help="text; a gift has GIFT_1 by default")
    create.add_argument("--items", default="", metavar="gid:iid:qty,...", help="what the gift brings; without: a text")
    create.add_argument("--sender", default="", help="name that the mail is from (default: that of the first gift)")
    create.add_argument("--dry-run", action="store_true", help="only say how many players would get it")
    _add_filter(create.add_argument_group("who gets it", "All that are given must apply; times are in Asia/Shanghai."))


def _add_filter(group: "argparse._ArgumentGroup") -> None:
    group.add_argument("--min-level", type=int, metavar="N", help="level N or higher")
    group.add_argument("--max-level", type=int, metavar="N", help="level N or lower")
    group.add_argument("--vip-level", type=int, metavar="N", help="VIP level N or higher")
    group.add_argument("--login-since", default="", metavar="TIME", help="latest login at this day or time, or later")
    group.add_argument("--registered-before", default="", metavar="TIME", help="registered before this day or time")
    group.add_argument("--origin", default="", metavar="WORLD", help="came from this world, which was merged")
    group.add_argument("--uids", default="", metavar="FILE", help="file with a player's id on each line; - is stdin")
    group.add_argument("--names", default="", metavar="FILE", help="file with a game name on each line; - is stdin")
