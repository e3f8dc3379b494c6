"""Finds MariaDB on this machine, and gets it from the distribution when it is not there.

As root the packages are installed; without root they are downloaded and unpacked into the data folder. No service is
set up and nothing is started. What is installed already is never removed for it.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from apps.local.apt import NO_RECOMMENDS, Apt, AptError, private_lists

PACKAGES = ("mariadb-server-core", "mariadb-client-core")
SERVER_NAMES = ("mariadbd", "mysqld")
INSTALL_DB_NAMES = ("mariadb-install-db", "mysql_install_db")
USUAL_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/libexec", "/usr/local/mysql/bin")
VERSION_SECONDS = 10.0


class MariaDBMissingError(Exception):
    """There is no MariaDB and it could not be got; the text says what to do."""


@dataclass(frozen=True)
class MariaDBPrograms:
    """Where the programs are. ``prefix`` is the folder of an unpacked MariaDB, None when it is installed."""

    server: Path
    install_db: Path
    prefix: Path | None = None

    def run(self, program: Path, options: Mapping[str, object]) -> list[str]:
        """Return the command line of ``program``; an option with the value None is a flag. No other options count."""
        words = [str(program), "--no-defaults"]
        if self.prefix:
            words = ["env", f"LD_LIBRARY_PATH={library_path(self.prefix)}", *words, f"--basedir={self.prefix / 'usr'}"]
        if os.geteuid() == 0:
            words.append("--user=root")
        return words + [f"--{name}" if value is None else f"--{name}={value}" for name, value in options.items()]


def find_or_install(unpacked: Path, log_file: Path, say: Callable[[str], None]) -> MariaDBPrograms:
    """Return MariaDB's programs. ``unpacked`` is the folder for an unpacked one; ``say`` gets a line before each step.

    Raises MariaDBMissingError.
    """
    found = find(unpacked)
    if found:
        return found
    if not shutil.which("apt-get"):
        raise MariaDBMissingError(how_to_help("there is no apt-get to get it with"))
    log_file.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _install(log_file, say) or unpack(unpacked, log_file, say)
    except AptError as error:
        raise MariaDBMissingError(how_to_help(str(error))) from error


def find(unpacked: Path) -> MariaDBPrograms | None:
    """Return the programs of an installed or else an unpacked MariaDB, None when there is neither."""
    return _installed() or _in_folder(unpacked)


def is_mariadb(programs: MariaDBPrograms) -> bool:
    """Whether the server runs here and is MariaDB: MySQL is set up in another way."""
    try:
        return "MariaDB" in _told(programs.run(programs.server, {"version": None}))
    except (OSError, subprocess.SubprocessError):
        return False


def unpack(folder: Path, log_file: Path, say: Callable[[str], None]) -> MariaDBPrograms:
    """Download the packages and unpack them into ``folder``; needs no rights. Raises AptError."""
    say(f"MariaDB is not installed: downloading and unpacking it into {folder} (about 10 MB, once)")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "packages").mkdir(parents=True)
    _fetch(Apt(log_file), unfinished)
    for package in sorted((unfinished / "packages").glob("*.deb")):
        Apt(log_file).run(["dpkg", "-x", str(package), str(unfinished)])
    shutil.rmtree(unfinished / "packages")
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    programs = _in_folder(folder)
    if programs is None:
        raise AptError(f"the unpacked server does not run; see {log_file}. {missing_libraries(folder)}")
    return programs


def missing_libraries(prefix: Path) -> str:
    """Return what the unpacked server needs and this machine does not have."""
    command = ["env", f"LD_LIBRARY_PATH={library_path(prefix)}", "ldd", str(prefix / "usr/sbin/mariadbd")]
    try:
        missing = [line.split()[0] for line in _told(command).splitlines() if "not found" in line]
    except (OSError, subprocess.SubprocessError):
        return "It is made for another kind of machine"
    return f"Missing libraries: {', '.join(missing)}" if missing else ""


def library_path(prefix: Path) -> str:
    """Return the folders of an unpacked MariaDB that hold its libraries, for LD_LIBRARY_PATH."""
    return ":".join(sorted({str(library.parent) for top in ("lib", "usr/lib")
                            for library in (prefix / top).glob("*-linux-*/*.so*")}))


def how_to_help(reason: str) -> str:
    """Return the error for people who have to act themselves."""
    return (f"MariaDB is needed and could not be got: {reason}\n"
            "Install it (Debian, Ubuntu: apt-get install mariadb-server-core mariadb-client-core; "
            "Fedora: dnf install mariadb-server; macOS: brew install mariadb), "
            "or name a running server: --mysql-url mysql://user:password@host:3306/database")


def _install(log_file: Path, say: Callable[[str], None]) -> MariaDBPrograms | None:
    if os.geteuid() != 0:
        return None
    say(f"MariaDB is not installed: running apt-get install {NO_RECOMMENDS} {' '.join(PACKAGES)} (once)")
    try:
        Apt(log_file).install(PACKAGES)
    except AptError as error:
        say(f"that did not work: {error}")
        return None
    return _installed()


def _told(command: list[str]) -> str:
    """Return what a command that only tells something prints. Raises OSError or SubprocessError."""
    return subprocess.run(  # noqa: S603  # words of our own making, no shell
        command, capture_output=True, text=True, check=True, timeout=VERSION_SECONDS).stdout


def _fetch(apt: Apt, unfinished: Path) -> None:
    """Download with the machine's package lists, or with fresh ones of our own when those are missing or old."""
    try:
        apt.download(PACKAGES, unfinished / "packages")
    except AptError:
        own = Apt(apt.log_file, private_lists(unfinished / "packages" / "apt"))
        own.update()
        own.download(PACKAGES, unfinished / "packages")


def _installed() -> MariaDBPrograms | None:
    path = os.pathsep.join([*os.get_exec_path(), *USUAL_FOLDERS])
    for name in SERVER_NAMES:
        server = shutil.which(name, path=path)
        programs = _with_install_db(Path(server), path) if server else None
        if programs and is_mariadb(programs):
            return programs
    return None


def _with_install_db(server: Path, path: str) -> MariaDBPrograms | None:
    beside = [str(server.resolve().parent.parent / folder) for folder in ("bin", "scripts")]
    for name in INSTALL_DB_NAMES:
        install_db = shutil.which(name, path=os.pathsep.join([*beside, path]))
        if install_db:
            return MariaDBPrograms(server, Path(install_db))
    return None


def _in_folder(folder: Path) -> MariaDBPrograms | None:
    programs = MariaDBPrograms(folder / "usr/sbin/mariadbd", folder / "usr/bin/mariadb-install-db", folder)
    return programs if programs.install_db.exists() and is_mariadb(programs) else None


