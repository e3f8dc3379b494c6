"""Run an edge: ``python -m apps.edge --help`` shows the options."""

from gevent import monkey

monkey.patch_all()

import os
import sys

from apps.edge.edge import build
from apps.edge.settings import EdgeSettings
from common import logs, options


def main() -> int:
    settings = options.parse(EdgeSettings, "apps.edge", sys.argv[1:], os.environ)
    logs.set_up("edge", settings.log_level, settings.log_format)
    return build(settings).run()


if __name__ == "__main__":
    sys.exit(main())
