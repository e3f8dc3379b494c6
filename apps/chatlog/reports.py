"""Shows what players reported, for game masters::

    python -m apps.chatlog.reports --folder chat-log                      # a line for each report
    python -m apps.chatlog.reports --folder chat-log --reported Ada --world s1
    python -m apps.chatlog.reports --folder chat-log --uid p4...          # whatever name the player had
    python -m apps.chatlog.reports --folder chat-log --show 3             # all that belongs to report 3
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from apps.chatlog.day_file import read_lines
from apps.chatlog.report_entries import PREFIX

TEXT = 60  # characters of a message in the list
UNKNOWN = "uid not known"  # in reports of former versions


def reports(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield all reports, the oldest day of each world first; what is none is told and left out. Raises OSError."""
    for path in sorted(folder.glob(f"*/{PREFIX}*.jsonl.gz")):
        for line in read_lines(path):
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError:
                sys.stderr.write(f"{path}: a line is no report\n")


def listed(report: dict[str, Any]) -> str:
    """Return a report in one line."""
    if "unreadable" in report:
        return f"{report['number']}  {report['time']}  {report['world']}  unreadable"
    reason = f"  ({report['reason']})" if report["reason"] else ""
    text = report["message"]["text"]
    return (f"{report['number']}  {report['time']}  {report['world']}  {_channel(report)}  "
            f"{report['reporter']['name']} reports {report['reported']}: "
            f"{text if len(text) <= TEXT else text[:TEXT] + '...'}{reason}")


def shown(report: dict[str, Any]) -> list[str]:
    """Return the lines of a whole report; the reported message has a mark."""
    if "unreadable" in report:
        return [listed(report), report["unreadable"]]
    said = [*((" ", item) for item in report["before"]), (">", report["message"]),
            *((" ", item) for item in report["after"])]
    return [
        f"report {report['number']} of {report['time']}",
        f"world     {report['world']}",
        f"channel   {_channel(report)}",
        f"reporter  {report['reporter']['name']} ({report['reporter']['uid']})",
        f"reported  {report['reported']} ({report.get('reported_uid') or UNKNOWN})",
        f"reason    {report['reason']}",
        *(f"{mark} {item['number']}  {item['time']}  {item['from']}: {item['text']}" for mark, item in said),
    ]


def printable(text: str) -> str:
    """Return a text without what would steer a terminal or turn the direction of writing."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _channel(report: dict[str, Any]) -> str:
    return f"{report['channel']} {report['name']}".strip()


def _matches(report: dict[str, Any], wanted: argparse.Namespace) -> bool:
    return ((wanted.world is None or report["world"] == wanted.world)
            and (wanted.reported is None or report.get("reported") == wanted.reported)
            and (wanted.uid is None or report.get("reported_uid") == wanted.uid)
            and (wanted.show is None or report["number"] == wanted.show))


def _write(lines: list[str]) -> None:
    sys.stdout.writelines(f"{printable(line)}\n" for line in lines)


def main(arguments: list[str]) -> int:
    """Exit code 0 when there was something to show, 1 when not."""
    parser = argparse.ArgumentParser("apps.chatlog.reports", description="Show what players reported.")
    parser.add_argument("--folder", type=Path, required=True, help="the --log-dir of the chat log")
    parser.add_argument("--world", help="only reports of this world")
    parser.add_argument("--reported", metavar="NAME", help="only reports of messages of this player")
    parser.add_argument("--uid", help="only reports of messages of the player with this uid, whatever the name was")
    parser.add_argument("--show", type=int, metavar="NUMBER", help="all of one report")
    wanted = parser.parse_args(arguments)
    if not wanted.folder.is_dir():
        parser.error(f"{wanted.folder} is no folder")
    found = [report for report in reports(wanted.folder) if _matches(report, wanted)]
    for report in found:
        _write([listed(report)] if wanted.show is None else shown(report))
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
