from gevent import monkey

monkey.patch_all()

import os
import sys

from apps.auth.app import create_app
from apps.auth.keyring import Keyring
from apps.auth.settings import AuthSettings
from common.http_service import serve
from common.options import parse


def main() -> None:
    """Serve until SIGTERM. Ends with exit code 2 when the keys are not acceptable."""
    settings = parse(AuthSettings, "apps.auth", sys.argv[1:], os.environ)
    try:
        keyring = Keyring.parse(settings.jwt_key)
    except ValueError as error:
        sys.stderr.write(f"apps.auth: error: --jwt-key (or --jwt-key-file, JWT_KEY, JWT_KEY_FILE): {error}\n")
        sys.exit(2)
    serve("auth", settings, settings.port, lambda: create_app(settings, keyring))


main()
