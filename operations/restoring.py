"""Puts a backup into an empty system. Nothing is written before every file was compared with the manifest."""

import gzip
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

from operations import archive, database, mailboxes, redis_keys, streams
from operations.archive import BadBackupError, Manifest
from operations.settings import RestoreSettings

log = logging.getLogger(__name__)


def restore(settings: RestoreSettings) -> dict[str, Any]:
    """Restore each part whose place is named; return what was written.

    Raises BadBackupError, ValueError for missing options, and what the parts raise, such as DatabaseNotEmptyError.
    """
    if not settings.source:
        raise ValueError("--source is required")
    folder = Path(settings.source)
    manifest = archive.read(folder)
    log.info("the backup is whole; it was begun at %s", manifest.begun)
    return {name: part(settings, folder, manifest) for name, part in _wanted(settings, manifest).items()}


def _wanted(settings: RestoreSettings,
            manifest: Manifest) -> Mapping[str, Callable[[RestoreSettings, Path, Manifest], dict[str, Any]]]:
    places = {"database": (settings.mysql_url, _database), "mail": (settings.mail_root, _mail),
              "redis": (settings.redis_url, _redis), "streams": (settings.nats_url, _streams)}
    wanted = {name: part for name, (place, part) in places.items() if place}
    missing = sorted(set(wanted) - set(manifest.parts))
    if missing or not wanted:
        raise ValueError(f"the backup has no {', '.join(missing)}" if missing else "no place is named")
    return wanted


def _database(settings: RestoreSettings, folder: Path, manifest: Manifest) -> dict[str, Any]:
    with gzip.open(folder / archive.DATABASE, "rt", encoding="utf-8", newline="\n") as file:
        rows = database.restore(settings.mysql_url, settings.seconds, file)
    if rows != manifest.parts["database"]:
        raise BadBackupError(f"the database has other numbers of rows than the backup: {rows}")
    log.info("database: %s rows in %s tables", sum(rows.values()), len(rows))
    return rows


def _mail(settings: RestoreSettings, folder: Path, manifest: Manifest) -> dict[str, Any]:
    with gzip.open(folder / archive.MAIL, "rb") as file:
        counts = mailboxes.restore(settings.mail_root, file)
    if counts != manifest.parts["mail"]:
        raise BadBackupError(f"the mailboxes are not what the backup had: {counts}")
    log.info("mail: %s files in %s mailboxes", counts["files"], counts["boxes"])
    return counts


def _redis(settings: RestoreSettings, folder: Path, _: Manifest) -> dict[str, Any]:
    with gzip.open(folder / archive.REDIS, "rb") as file:
        counts = redis_keys.restore(redis_keys.client(settings.redis_url, settings.seconds), file)
    log.info("redis: %s keys; %s were there already", counts["keys"], counts["kept"])
    return counts


def _streams(settings: RestoreSettings, folder: Path, manifest: Manifest) -> dict[str, Any]:
    restored = {}
    with streams.connected(settings.nats_url, settings.seconds) as client:
        for name, about in manifest.parts["streams"].items():
            with (folder / archive.STREAMS / name).open("rb") as file:
                restored[name] = streams.restore(client, name, about, partial(_pieces, file), settings.stream_tries)
            log.info("stream %s: %s messages", name, restored[name])
    return restored


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Return the pieces from the beginning of the file."""
    file.seek(0)
    return iter(partial(file.read, streams.CHUNK), b"")
