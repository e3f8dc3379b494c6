"""``python -m operations.restore --help``: put a backup into an empty system."""

from gevent import monkey  # noqa: TID251  # a program of its own

monkey.patch_all()

import logging  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from common import logs, options  # noqa: E402
from operations.errors import EXPECTED  # noqa: E402
from operations.restoring import restore  # noqa: E402
from operations.settings import RestoreSettings, with_endpoints  # noqa: E402

log = logging.getLogger("operations.restore")


def main() -> int:
    """Return the exit code: 0 when everything that was asked for is restored, otherwise 1."""
    settings = options.parse(RestoreSettings, "operations.restore", sys.argv[1:], os.environ)  # noqa: TID251  # see above
    logs.set_up("restore", settings.log_level, settings.log_format)
    try:
        restore(with_endpoints(settings))
    except EXPECTED as error:
        log.error("not restored: %s", error)
        return 1
    log.info("everything is restored")
    return 0


if __name__ == "__main__":
    sys.exit(main())
