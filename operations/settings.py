"""Options of the programs in this folder."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from common.logs import FORMATS, LEVELS
from common.options import option, secret

P = TypeVar("P", bound="PlaceSettings")


@dataclass(frozen=True, kw_only=True)
class LogSettings:
    """How the programs tell what they do."""

    log_level: str = option("info", "Least level of log lines", choices=LEVELS)
    log_format: str = option("text", "json: a JSON object a line; text: for people", choices=FORMATS)


@dataclass(frozen=True, kw_only=True)
class PlaceSettings(LogSettings):
    """Where the state is; a place that is not named is left out."""

    endpoints: str = option("", "endpoints.json of a local system, which names the three servers below")
    mysql_url: str = secret("MySQL as mysql://user:password@host:port/schema")
    redis_url: str = secret("Redis as redis://:password@host:port/0; to restore it has to be the primary")
    nats_url: str = secret("NATS with JetStream as nats://user:password@host:port")
    mail_root: str = option("", "Folder of all mailboxes")
    seconds: float = option(60.0, "Seconds without any progress after which a server counts as gone", least=1)


@dataclass(frozen=True, kw_only=True)
class BackupSettings(PlaceSettings):
    """Copy the state of a running system into a new folder."""

    target: str = option("", "Folder to make; it must not exist; required")


@dataclass(frozen=True, kw_only=True)
class RestoreSettings(PlaceSettings):
    """Put a backup into an empty system."""

    source: str = option("", "Folder that the backup made; required")
    stream_tries: int = option(10, "Tries to replace an empty stream that a running service makes again meanwhile",
                               least=1)


@dataclass(frozen=True, kw_only=True)
class MergeSettings(LogSettings):
    """Move all players of a closed world into another one."""

    mysql_url: str = secret("MySQL as mysql://user:password@host:port/schema; required")
    mail_root: str = option("", "Folder of all mailboxes; required")
    source: str = option("", "World that ends; required")
    target: str = option("", "World that its players go to; required")


def with_endpoints(settings: P) -> P:
    """Return the settings with the servers of the endpoints file, where there is one. Raises OSError, ValueError."""
    if not settings.endpoints:
        return settings
    known = json.loads(Path(settings.endpoints).read_text("utf-8"))
    return replace(settings, mysql_url=known["mysql"], redis_url=known["redis"], nats_url=known["nats"])
