"""Options of the migrations."""

from dataclasses import dataclass

from common.logs import FORMATS, LEVELS
from common.options import option, secret


@dataclass(frozen=True, kw_only=True)
class MigrateSettings:
    """Apply the database migrations."""

    mysql_url: str = secret("MySQL as mysql://user:password@host:port/schema; the user may change tables, "
                            "or with --wait-only read them")
    migrations: str = option("conf/migrations", "Folder of the migrations")
    wait_seconds: float = option(60.0, "Seconds to wait for MySQL to be reachable, and with --wait-only for the rest",
                                 least=0)
    wait_only: bool = option(False, "Change nothing: wait until another process has applied all, then end")
    log_level: str = option("info", "Least level of log lines", choices=LEVELS)
    log_format: str = option("json", "json: a JSON object a line; text: for people", choices=FORMATS)
