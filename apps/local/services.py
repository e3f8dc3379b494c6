"""The command line of every service: which options it gets, what has to run before it, and when it stops.

Everything that is not named here has the default of the service's own settings, or comes from its environment variable.
"""

import http.client
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from apps.local.ports import HOST, Ports
from apps.local.processes import ROOT, Managed, Task
from apps.local.settings import LocalSettings
from common.options import as_arguments

READY_SECONDS = 2.0


class Stage(IntEnum):
    """The order of stopping: first what takes work in, last what keeps the data."""

    CLIENTS = 0
    WORKERS = 1
    HTTP = 2
    BACKENDS = 3


Places = Mapping[str, list[dict[str, int]]]
"""Service -> for each replica its port options, such as ``{"client_port": 8880, "ops_port": 18100}``."""


@dataclass(frozen=True)
class Context:
    """What the command lines are made of. ``urls`` has nats, redis and mysql, with their passwords."""

    settings: LocalSettings
    places: Places
    urls: Mapping[str, str]
    data: Path
    environment: Mapping[str, str]

    def http(self, app: str) -> str:
        """Return the comma-separated addresses of an HTTP service."""
        return ",".join(f"http://{self.settings.peer_host}:{ports['port']}" for ports in self.places[app])

    def log_file(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.log"

    def with_urls(self, names: tuple[str, ...]) -> dict[str, str]:
        """Return the environment of a child that uses these backends; command lines would show the passwords."""
        return {**self.environment, **{f"{name.upper()}_URL": self.urls[name] for name in names}}


@dataclass(frozen=True)
class Kind:
    """One line of the table: a service and what it gets."""

    app: str
    count: Callable[[LocalSettings], int]
    stage: Stage
    needs: tuple[str, ...]
    urls: tuple[str, ...]
    roles: Mapping[str, str]
    """Option name -> role in apps.local.ports. The first is the main port; ``ops_port``, if any, has /readyz."""
    options: Callable[[Context], dict[str, Any]]
    """Its further options."""


def _auth(context: Context) -> dict[str, Any]:
    return {"jwt_key_file": context.data / "jwt.key"}


def _config(context: Context) -> dict[str, Any]:
    return {"game_data": ROOT / context.settings.game_data}


def _mail(context: Context) -> dict[str, Any]:
    return {"mail_root": context.data / "mail"}


def _gate(context: Context) -> dict[str, Any]:
    # All clients come from one address here, so its rate would be everybody's.
    return {"advertise_host": context.settings.peer_host, "address_rate": 0, **_tls(context)}


def _edge(context: Context) -> dict[str, Any]:
    return {"auth_url": context.http("auth"), **_tls(context)}


def _chatlog(context: Context) -> dict[str, Any]:
    return {"log_dir": context.data / "chat-log"}


def _worker(context: Context) -> dict[str, Any]:
    return {
        "auth_url": context.http("auth"), "config_url": context.http("config"), "mail_url": context.http("mail"),
        "config_copy": context.data / "game-data.json", "debug_functions": context.settings.debug_functions,
        "code_sender": "file", "code_file": context.data / "codes.txt",
    }


def _tls(context: Context) -> dict[str, Any]:
    files = {"tls_cert": context.settings.tls_cert, "tls_key": context.settings.tls_key}
    return {name: Path(file).resolve() for name, file in files.items() if file}


KINDS = (
    Kind("config", lambda s: s.configs, Stage.HTTP, (), (), {"port": "config"}, _config),
    Kind("auth", lambda s: s.auths, Stage.HTTP, ("redis",), ("redis",), {"port": "auth"}, _auth),
    Kind("mail", lambda s: s.mails, Stage.HTTP, (), (), {"port": "mail"}, _mail),
    Kind("gate", lambda s: s.gates, Stage.CLIENTS, ("nats", "redis"), ("nats", "redis"),
         {"client_port": "gate", "worker_port": "gate worker", "ops_port": "gate ops"}, _gate),
    Kind("edge", lambda s: s.edges, Stage.CLIENTS, ("nats",), ("nats",),
         {"client_port": "edge", "ops_port": "edge ops"}, _edge),
    Kind("worker", lambda s: s.workers, Stage.WORKERS, ("nats", "redis", "migrate"), ("nats", "redis", "mysql"),
         {"ops_port": "worker ops"}, _worker),
    Kind("chatlog", lambda s: s.chatlogs, Stage.HTTP, ("nats",), ("nats",), {"ops_port": "chatlog ops"}, _chatlog),
)


class Service(Managed):
    """One process of this project; ready when its /readyz says so."""

    def __init__(
        self, name: str, log_file: Path, environment: Mapping[str, str], *,
        kind: Kind, ports: Mapping[str, int], options: Mapping[str, Any],
    ) -> None:
        """``ports`` has a port for each option in ``kind.roles``."""
        super().__init__(name, log_file, environment)
        self.kind = kind.app
        self.needs = kind.needs
        self.stage = kind.stage
        self.port = next(iter(ports.values()))
        self._ops_port = ports.get("ops_port", self.port)
        self.ops = f"http://{HOST}:{self._ops_port}"
        self.ports = dict(ports)
        self._options = {**ports, **options}

    def command(self) -> list[str]:
        return [sys.executable, "-m", f"apps.{self.kind}", *as_arguments(self._options)]

    def ready(self) -> bool:
        return self._readyz()[0] == http.client.OK

    def why_not_ready(self) -> str:
        return self._readyz()[1]

    def _readyz(self) -> tuple[int, str]:
        """Return the HTTP status of /readyz and what fails, status 0 when there is no answer."""
        connection = http.client.HTTPConnection(HOST, self._ops_port, timeout=READY_SECONDS)
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            return response.status, _what_fails(response.read())
        except (OSError, http.client.HTTPException) as error:
            return 0, f"(/readyz: {error})"
        finally:
            connection.close()


def places(settings: LocalSettings, ports: Ports) -> Places:
    """Give every replica of every service its ports."""
    return {kind.app: [{option: ports.give(role, replica) for option, role in kind.roles.items()}
                       for replica in range(kind.count(settings))] for kind in KINDS}


def make(context: Context) -> list[Service]:
    """Return all services, ready to be started."""
    return [_service(context, kind, f"{kind.app}-{replica}", ports)
            for kind in KINDS for replica, ports in enumerate(context.places[kind.app])]


def migration(context: Context) -> Task:
    """Return the task that brings the database up to date."""
    options = {"log_level": context.settings.log_level, "log_format": "text"}
    command = [sys.executable, "-m", "apps.migrate", *as_arguments(options)]
    task = Task("migrate", command, context.log_file("migrate"), context.with_urls(("mysql",)))
    task.needs = ("mysql",)
    return task


def _service(context: Context, kind: Kind, name: str, ports: Mapping[str, int]) -> Service:
    settings = context.settings
    options = {"host": HOST, "log_level": settings.log_level, "log_format": "text",
               "stop_seconds": settings.stop_seconds, **kind.options(context)}
    return Service(name, context.log_file(name), context.with_urls(kind.urls), kind=kind, ports=ports, options=options)


def _what_fails(body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
        return ", ".join(f"{name}: {state['detail']}" for name, state in checks.items() if not state["ok"])
    except (ValueError, KeyError, TypeError):
        return ""
