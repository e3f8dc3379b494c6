"""The few things that are asked of Debian's package tools."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from apps.local.processes import last_lines

NO_RECOMMENDS = "--no-install-recommends"
LIMITS = ("-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30", "-o", "Acquire::https::Timeout=30",
          "-o", "DPkg::Lock::Timeout=60")
CLEAR_ENVIRONMENT = ("env", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
RUN_SECONDS = 900.0


class AptError(Exception):
    """A package tool failed; the text holds its last lines."""


def private_lists(folder: Path) -> tuple[str, ...]:
    """Make ``folder`` and return the options that keep apt's package lists there, for which no rights are needed."""
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    return ("-o", f"Dir::State={folder}/state", "-o", "Dir::State::status=/var/lib/dpkg/status",
            "-o", f"Dir::Cache={folder}/cache")


class Apt:
    """Runs apt-get; what it prints goes to ``log_file``."""

    def __init__(self, log_file: Path, options: Sequence[str] = ()) -> None:
        self.log_file = log_file
        self._options = [*LIMITS, *options]
        if os.geteuid() == 0:
            self._options += ["-o", "APT::Sandbox::User=root"]  # it may write where root may

    def install(self, packages: Sequence[str]) -> None:
        """Install ``packages`` and what they need, with fresh lists when the ones at hand do not do."""
        command = ["install", "--yes", "--quiet", NO_RECOMMENDS, "--no-remove", *packages]
        try:
            self._apt(command)
        except AptError:
            self.update()
            self._apt(command)

    def update(self) -> None:
        """Fetch the package lists."""
        self._apt(["update", "--quiet"])

    def download(self, packages: Sequence[str], folder: Path) -> None:
        """Download ``packages`` and those of the packages they need that this machine does not have."""
        plan = self._apt(["install", "--simulate", NO_RECOMMENDS, *packages])
        needed = {line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")}
        self._apt(["download", "--quiet", *sorted(needed | set(packages))], cwd=folder)

    def run(self, command: Sequence[str], cwd: Path | None = None) -> str:
        """Run ``command`` and return what it printed. Raises AptError.

        It stays in the terminal's foreground, so that a Ctrl-C reaches it as it does when a person runs it.
        """
        try:
            done = subprocess.run(  # noqa: S603  # words of our own making, no shell
                [*CLEAR_ENVIRONMENT, *command], cwd=cwd, text=True, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RUN_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise AptError(f"{command[0]}: {error}") from error
        with self.log_file.open("a") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}")
        if done.returncode != 0:
            end = "; ".join(last_lines(self.log_file, 3))
            raise AptError(f"{command[0]} ended with exit code {done.returncode}: {end}")
        return done.stdout

    def _apt(self, words: Sequence[str], cwd: Path | None = None) -> str:
        return self.run(["apt-get", *self._options, *words], cwd)
