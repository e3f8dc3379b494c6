"""Makes a backup. The order of the parts matters: the database comes first.

A mail is in its box after the database knows of it. So every mail of the database's moment is in the copy of the boxes,
unless its owner deleted it in the seconds between.
"""

import gzip
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from operations import archive, database, mailboxes, redis_keys, streams
from operations.settings import BackupSettings

log = logging.getLogger(__name__)

PRIVATE = 0o700
TEXT_LEVEL = 6


def save(settings: BackupSettings, now: Callable[[], datetime]) -> dict[str, Any]:
    """Make the folder ``settings.target`` and return what is in it.

    Raises FileExistsError, ValueError for missing options, and what the parts raise; nothing is left at the target
    then, only a folder beside it with the ending ``.unfinished``.
    """
    target = Path(settings.target)
    if not settings.target or not (settings.mysql_url or settings.redis_url or settings.nats_url or settings.mail_root):
        raise ValueError("--target and at least one place are required")
    if target.exists():
        raise FileExistsError(f"{target} exists")
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.mkdir(PRIVATE, parents=True)
    begun = stamp(now())
    parts = {name: part(settings, unfinished) for name, part in _wanted(settings).items()}
    archive.write(unfinished, begun, stamp(now()), parts)
    unfinished.rename(target)
    return parts


def stamp(time: datetime) -> str:
    """Return a time as the manifest has it."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _wanted(settings: BackupSettings) -> dict[str, Callable[[BackupSettings, Path], dict[str, Any]]]:
    """Return the parts whose place is named, in the order in which they are saved."""
    places = {"database": (settings.mysql_url, _database), "mail": (settings.mail_root, _mail),
              "redis": (settings.redis_url, _redis), "streams": (settings.nats_url, _streams)}
    return {name: part for name, (place, part) in places.items() if place}


def _database(settings: BackupSettings, folder: Path) -> dict[str, Any]:
    with gzip.open(folder / archive.DATABASE, "wt", TEXT_LEVEL, encoding="utf-8", newline="\n") as file:
        rows = database.save(settings.mysql_url, settings.seconds, file)
    log.info("database: %s rows in %s tables", sum(rows.values()), len(rows))
    return rows


def _mail(settings: BackupSettings, folder: Path) -> dict[str, Any]:
    with gzip.open(folder / archive.MAIL, "wb", TEXT_LEVEL) as file:
        counts = mailboxes.save(settings.mail_root, settings.seconds, file)
    log.info("mail: %s files in %s mailboxes", counts["files"], counts["boxes"])
    return counts


def _redis(settings: BackupSettings, folder: Path) -> dict[str, Any]:
    with gzip.open(folder / archive.REDIS, "wb", TEXT_LEVEL) as file:
        counts = redis_keys.save(redis_keys.client(settings.redis_url, settings.seconds), file)
    log.info("redis: %s keys", counts["keys"])
    return counts


def _streams(settings: BackupSettings, folder: Path) -> dict[str, Any]:
    (folder / archive.STREAMS).mkdir(PRIVATE)
    saved = {}
    with streams.connected(settings.nats_url, settings.seconds) as client:
        for name in streams.names(client):
            with (folder / archive.STREAMS / name).open("wb") as file:
                saved[name] = streams.save(client, name, settings.seconds, file.write)
            log.info("stream %s: %s messages", name, saved[name]["state"]["messages"])
    return saved
