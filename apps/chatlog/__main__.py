"""Run a chat log: ``python -m apps.chatlog --help`` shows the options."""

from gevent import monkey

monkey.patch_all()

import os
import sys

from apps.chatlog.chatlog import build
from apps.chatlog.settings import ChatlogSettings
from common import logs, options


def main() -> int:
    settings = options.parse(ChatlogSettings, "apps.chatlog", sys.argv[1:], os.environ)
    logs.set_up("chatlog", settings.log_level, settings.log_format)
    return build(settings).run()


if __name__ == "__main__":
    sys.exit(main())
