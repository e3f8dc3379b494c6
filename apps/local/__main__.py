from gevent import monkey

monkey.patch_all()

import os
import sys
from pathlib import Path

from apps.local.console import Console
from apps.local.files import DataFolderInUseError, FolderLock
from apps.local.mariadb_install import MariaDBMissingError
from apps.local.ports import PortError
from apps.local.runner import Runner
from apps.local.settings import LocalSettings
from common.options import parse


def main() -> int:
    """Run until Ctrl-C or SIGTERM; exit code 1 when it could not be started."""
    settings = parse(LocalSettings, "apps.local", sys.argv[1:], os.environ)
    data = Path(settings.data_dir).resolve()
    console = Console(plain="NO_COLOR" in os.environ)
    lock = FolderLock(data)
    try:
        lock.acquire()
        return Runner(settings, os.environ, data, console).run()
    except (DataFolderInUseError, PortError, MariaDBMissingError) as error:
        sys.stderr.write(f"apps.local: error: {error}\n")
        return 1
    finally:
        lock.release()


sys.exit(main())
