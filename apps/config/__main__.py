from gevent import monkey

monkey.patch_all()

import os
import sys
from pathlib import Path

from flask import Flask

from apps.config.app import create_app
from apps.config.catalogue import Loader
from apps.config.settings import ConfigSettings
from apps.config.watcher import Watcher
from common import options
from common.health import Health
from common.http_service import serve


def loader(settings: ConfigSettings) -> Loader:
    return Loader(Path(settings.game_data), settings.game_version, settings.game_file_limit)


def build(settings: ConfigSettings) -> Flask:
    """Build the parts in the process that serves. They end with it: the watcher writes nothing that could be torn."""
    watcher = Watcher(loader(settings).load, settings.reload_seconds)
    health = Health(patience=settings.ready_patience)
    health.add("game_data", watcher.probe)
    health.note("game_data_problems", watcher.tell)
    watcher.start()
    health.start()
    return create_app(settings, health, watcher)


def check(settings: ConfigSettings) -> int:
    """Print what is wrong with the game data, one problem a line; return the exit code."""
    outcome = loader(settings).load()
    if outcome is None:
        sys.stdout.write("the files are being written just now: check again\n")
        return 1
    for problem in outcome.problems:
        sys.stdout.write(f"{problem}\n")
    if outcome.catalogue is not None:
        sys.stdout.write(f"version {outcome.catalogue.version}: {len(outcome.catalogue.files)} files are good\n")
    return 0 if outcome.catalogue is not None else 1


def main() -> None:
    settings = options.parse(ConfigSettings, "apps.config", sys.argv[1:], os.environ)
    if settings.check:
        sys.exit(check(settings))
    serve("config", settings, settings.port, lambda: build(settings))


main()
