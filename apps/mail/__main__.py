"""Start the mail service."""

from gevent import monkey

monkey.patch_all()

import os
import sys
from pathlib import Path
from random import SystemRandom

from flask import Flask

from apps.mail.app import create_app
from apps.mail.settings import MailSettings, check
from common.health import Health
from common.http_service import serve
from common.options import parse


def load(settings: MailSettings) -> Flask:
    """Build the app, in the process that serves it."""
    health = Health(patience=settings.ready_patience)
    app = create_app(settings, health, SystemRandom())
    health.start()
    return app


def main() -> None:
    """Serve until SIGTERM. Ends with exit code 2 when the options are not acceptable."""
    settings = parse(MailSettings, "apps.mail", sys.argv[1:], os.environ)
    try:
        check(settings)
        Path(settings.mail_root).mkdir(parents=True, exist_ok=True)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"apps.mail: error: {error}\n")
        sys.exit(2)
    serve("mail", settings, settings.port, lambda: load(settings))


if __name__ == "__main__":
    main()
