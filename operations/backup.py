"""``python -m operations.backup --help``: copy the state of a running system into a new folder."""

from gevent import monkey  # noqa: TID251  # a program of its own

monkey.patch_all()

import logging  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from datetime import UTC, datetime  # noqa: E402

from common import logs, options  # noqa: E402
from operations.errors import EXPECTED  # noqa: E402
from operations.saving import save  # noqa: E402
from operations.settings import BackupSettings, with_endpoints  # noqa: E402

log = logging.getLogger("operations.backup")


def main() -> int:
    """Return the exit code: 0 when the backup is whole, 1 when there is none."""
    settings = options.parse(BackupSettings, "operations.backup", sys.argv[1:], os.environ)  # noqa: TID251  # see above
    logs.set_up("backup", settings.log_level, settings.log_format)
    try:
        save(with_endpoints(settings), lambda: datetime.now(UTC))
    except EXPECTED as error:
        log.error("no backup was made: %s", error)
        return 1
    log.info("the backup is in %s", settings.target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
