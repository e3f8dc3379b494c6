"""``python -m operations.merge_worlds --source s7 --target s2``: move all players of a closed world into another one.

Game names and family names get the ending ``_s7``, so that nobody loses a name to somebody else. Both worlds have to be
closed meanwhile (any status but 0 in world.json). It can be run again after it was cut off: the database changes in one
transaction, and what is left of the mailboxes is moved then.
"""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.mail.checks import box_name
from common import logs, options
from operations.database import connected
from operations.errors import EXPECTED
from operations.settings import MergeSettings

log = logging.getLogger("operations.merge_worlds")

STATEMENT_SECONDS = 3600.0
LONGEST_NAME = 64
NAMES = {"player": ("gn", "gn_key"), "family": ("name", "name_key")}
MORE = {"player": "", "family": ", named = UTC_TIMESTAMP(3)"}  # what was said under a new name before is not theirs


class CannotMergeError(Exception):
    """Something stands in the way; nothing was changed."""


def merge(url: str, mail_root: str, source: str, target: str) -> dict[str, int]:
    """Move everything; return how many of each. Raises CannotMergeError, MySQLError, OSError."""
    for world in (source, target):
        box_name({"world": world, "uid": "p0000000"})  # both become names of folders
    if source == target:
        raise CannotMergeError("a world cannot be merged into itself")
    with connected(url, STATEMENT_SECONDS) as connection:
        _refuse(_obstacles(connection, source, target))
        _refuse(_boxes_in_the_way(mail_root, source, target))
        connection.begin()
        moved = {table: _move(connection, table, source, target) for table in NAMES}
        connection.commit()
    return moved | {"mailboxes": move_boxes(mail_root, source, target)}


def move_boxes(mail_root: str, source: str, target: str) -> int:
    """Move the folders of all mailboxes of a world; return how many."""
    old, new = Path(mail_root, source), Path(mail_root, target)
    if not old.is_dir():
        return 0
    new.mkdir(mode=0o700, exist_ok=True)
    boxes = sorted(old.iterdir())
    for box in boxes:
        box.rename(new / box.name)
    old.rmdir()
    os.sync()
    return len(boxes)


def _obstacles(connection: Any, source: str, target: str) -> Iterator[str]:
    """Yield what has to be put right first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM outbox WHERE JSON_VALUE(body, '$.world') = %s", (source,))
        if (waiting := cursor.fetchone()[0]):
            yield f"{waiting} deliveries to {source} are in the outbox; wait until the workers have made them"
        cursor.execute("SELECT job_key FROM mail_job WHERE world IN (%s, %s) AND state IN ('running', 'paused')",
                       (source, target))
        yield from (f"the mail job {row[0]} is not finished; wait for it or cancel it" for row in cursor.fetchall())
        for table, (shown, key) in NAMES.items():
            taken = (f"SELECT old.{shown} FROM {table} old JOIN {table} new ON new.world = %s "  # noqa: S608  # constants
                     f"AND new.{key} = CONCAT(old.{key}, %s) WHERE old.world = %s")
            cursor.execute(taken, (target, f"_{source}", source))
            yield from (f"the name {row[0]}_{source} is taken in {target}" for row in cursor.fetchall())
            cursor.execute(f"SELECT {shown} FROM {table} WHERE world = %s "  # noqa: S608  # constants
                           f"AND CHAR_LENGTH({shown}) + %s > %s", (source, len(source) + 1, LONGEST_NAME))
            yield from (f"the name {row[0]}_{source} is too long" for row in cursor.fetchall())


def _boxes_in_the_way(mail_root: str, source: str, target: str) -> Iterator[str]:
    old, new = Path(mail_root, source), Path(mail_root, target)
    if not Path(mail_root).is_dir():
        yield f"{mail_root} is no folder"
    if old.is_dir():
        yield from (f"{new / box.name} exists" for box in old.iterdir() if (new / box.name).exists())


def _refuse(problems: Iterator[str]) -> None:
    found = list(problems)
    if found:
        raise CannotMergeError("; ".join(found[:20]) + (f"; and {len(found) - 20} more" if len(found) > 20 else ""))


def _move(connection: Any, table: str, source: str, target: str) -> int:
    shown, key = NAMES[table]
    with connection.cursor() as cursor:
        count: int = cursor.execute(
            f"UPDATE {table} SET world = %s, {shown} = CONCAT({shown}, %s), {key} = CONCAT({key}, %s){MORE[table]} "  # noqa: S608  # constants
            "WHERE world = %s", (target, f"_{source}", f"_{source}", source))
        return count


def main() -> int:
    """Return the exit code: 0 when the world is merged, otherwise 1."""
    settings = options.parse(MergeSettings, "operations.merge_worlds", sys.argv[1:], os.environ)  # noqa: TID251  # a program
    logs.set_up("merge_worlds", settings.log_level, settings.log_format)
    try:
        if not (settings.mysql_url and settings.mail_root):
            raise ValueError("--mysql-url, --mail-root, --source and --target are required")
        moved = merge(settings.mysql_url, settings.mail_root, settings.source, settings.target)
    except (*EXPECTED, CannotMergeError) as error:
        log.error("not merged: %s", error)
        return 1
    log.info("merged %s into %s: %s", settings.source, settings.target,
             ", ".join(f"{count} {name}" for name, count in moved.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
