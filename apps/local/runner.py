"""From the start of the local system to its end."""

import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import gevent
from gevent.event import Event

from apps.local import services
from apps.local.backends import Backend, MariaDB, Nats, Valkey
from apps.local.console import Console, Prefixes, address_table
from apps.local.endpoints import EndpointsFile
from apps.local.files import kept_secret
from apps.local.logs import LogFiles
from apps.local.mariadb_install import find_or_install
from apps.local.ports import HOST, Ports, require_free
from apps.local.processes import ROOT, Cancelled, Managed, StartError
from apps.local.settings import LocalSettings
from apps.local.supervisor import Supervisor

SAME_SIGNAL_SECONDS = 0.3  # some programs send one Ctrl-C twice: to the process and to its group


class Runner:
    """Holds what one run needs; made before anything is started."""

    def __init__(
        self, settings: LocalSettings, environment: Mapping[str, str], data: Path, console: Console
    ) -> None:
        """Raises PortError when a port is in use, MariaDBMissingError when there is no database to start."""
        self._settings = settings
        self._console = console
        self._data = data
        self._begun = time.monotonic()
        self._asked = Event()
        self._asked_at = 0.0
        self._stopping = False
        self._units = self._plan(environment)
        self._endpoints = EndpointsFile(data / "endpoints.json", self._units, self._urls)
        self._supervisor = Supervisor(self._units, settings, console.say, self._endpoints.write)
        self._logs = self._log_files()

    def run(self) -> int:
        """Start, watch and stop the system; return the exit code."""
        self._heed_signals()
        self._endpoints.remove()
        self._logs.begin()
        self._console.say(f"starting {', '.join(unit.name for unit in self._units)}; logs in "
                          f"{shown(self._data / 'logs')}")
        code = 0
        follower: gevent.Greenlet[..., None] | None = None
        try:
            self._supervisor.start()
            self._supervisor.watch()
            self._endpoints.write()
            self._tell_ready()
            self._logs.skip()
            follower = gevent.spawn(self._logs.run)
            self._asked.wait()
        except Cancelled:
            self._console.say("the start was called off")
        except StartError as error:
            self._console.say(f"error: {error}")
            code = 1
        finally:
            self._stop()
            if follower:
                follower.kill()
        return code

    def _plan(self, environment: Mapping[str, str]) -> list[Managed]:
        settings = self._settings
        named = {"nats": settings.nats_url, "redis": settings.redis_url, "mysql": settings.mysql_url}
        ports = Ports(settings.base_port)
        backend_ports = {name: ports.give(name) for name, url in named.items() if not url}
        places = services.places(settings, ports)
        require_free(ports.given)
        backends = [self._backend(name, port, environment) for name, port in backend_ports.items()]
        self._urls = named | {backend.name: backend.url for backend in backends}
        kept_secret(self._data / "jwt.key")
        context = services.Context(settings, places, self._urls, self._data, {**environment, "PYTHONUNBUFFERED": "1"})
        return [*backends, services.migration(context), *services.make(context)]

    def _backend(self, name: str, port: int, environment: Mapping[str, str]) -> Backend:
        data, log_file = self._data / name, self._data / "logs" / f"{name}.log"
        backend: Backend
        if name == "mysql":
            programs = find_or_install(self._data / "mariadb", self._data / "logs" / "install.log", self._console.say)
            password = kept_secret(self._data / "mysql.password")
            backend = MariaDB(name, data, port, log_file, environment, programs=programs, password=password)
        else:
            backend = {"nats": Nats, "redis": Valkey}[name](name, data, port, log_file, environment)
        backend.stage = services.Stage.BACKENDS
        return backend

    def _log_files(self) -> LogFiles:
        files = {unit.name: unit.log_file for unit in self._units}
        prefix = Prefixes(list(files), colour=self._console.colour)

        def show(name: str, line: str) -> None:
            self._console.write(prefix(name) + line)

        return LogFiles(files, self._settings.log_limit, show if self._settings.follow else None)

    def _heed_signals(self) -> None:
        gevent.signal_handler(signal.SIGINT, self._interrupt)
        gevent.signal_handler(signal.SIGTERM, self._ask)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup wants it to live on
            gevent.signal_handler(signal.SIGHUP, self._ask)

    def _interrupt(self) -> None:
        if self._stopping and time.monotonic() - self._asked_at > SAME_SIGNAL_SECONDS:
            self._console.say("killing everything")
            self._supervisor.force()
        self._ask()

    def _ask(self) -> None:
        self._asked_at = time.monotonic()
        self._supervisor.cancel()
        self._asked.set()

    def _stop(self) -> None:
        self._stopping = True
        self._endpoints.remove()
        self._console.say("stopping (Ctrl-C kills at once)")
        begun = time.monotonic()
        self._supervisor.stop()
        self._endpoints.remove()
        self._console.say(f"stopped in {time.monotonic() - begun:.1f} s; the data stays in {shown(self._data)}")

    def _tell_ready(self) -> None:
        kept = [unit for unit in self._units if unit.kept]
        addresses = {unit.name: unit.url.rpartition("@")[2].rpartition("//")[2] if isinstance(unit, Backend)
                     else f"{HOST}:{unit.port}" for unit in kept if isinstance(unit, services.Service | Backend)}
        self._console.write(address_table(kept, addresses))
        self._console.say(f"ready in {time.monotonic() - self._begun:.1f} s; addresses in "
                          f"{shown(self._endpoints.path)}, Ctrl-C stops. To play a first trip:")
        self._console.write(f"  {tour_command(self._endpoints.path)}")


def tour_command(endpoints: Path) -> str:
    """Return the line to paste that plays a first trip; the client finds the usual endpoints file by itself."""
    where = "" if endpoints == ROOT / ".run" / "endpoints.json" else f" --endpoints={shown(endpoints)}"
    return f"{shown(Path(sys.executable))} -m apps.client tour{where}"


def shown(path: Path) -> str:
    """Return ``path`` as short as it works from the project's folder."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
