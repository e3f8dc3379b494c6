"""One child process: started in a session of its own, waited for until it answers, stopped with all its children.

A child gets its own session, so that the terminal's Ctrl-C reaches only the local system, and dies with it, so that
even a ``kill -9`` leaves nothing behind. What it prints goes to a log file and never waits for a slow terminal.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import gevent

ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.05
TAIL_BYTES = 16 * 1024
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class StartError(Exception):
    """A process did not start; the text says which, why, and what it last printed."""


class Cancelled(Exception):  # noqa: N818  # not an error: somebody asked for it
    """The start was called off."""


class Managed:
    """A process that can be started again and again. Subclasses say what runs and when it is ready."""

    kept = True
    """Whether it runs until it is stopped; a task is ready when it has ended."""

    def __init__(self, name: str, log_file: Path, environment: Mapping[str, str] | None = None) -> None:
        """``environment`` is the child's whole environment; None inherits this process's."""
        self.name = name
        self.log_file = log_file
        self.needs: tuple[str, ...] = ()
        self.stage = 0
        self.ops = ""
        self.process: subprocess.Popen[bytes] | None = None
        self._environment = environment
        self._log_begin = 0
        self._group_lives = False

    def command(self) -> list[str]:
        """Return the program and its arguments."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Make what the process needs to find, such as its data folder; may take a while."""

    def ready(self) -> bool:
        """Whether the process answers; asks it with a short time limit and does not raise."""
        raise NotImplementedError

    def why_not_ready(self) -> str:
        """Return what is known of the reason why it is not ready."""
        return ""

    @property
    def pid(self) -> int:
        """Process id of the latest start, 0 before the first."""
        return self.process.pid if self.process else 0

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, seconds: float = 60.0, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Start the process and wait until it is ready. Raises StartError, or Cancelled when ``cancelled()`` is true.

        After StartError because of ``seconds`` the process still runs.
        """
        deadline = time.monotonic() + seconds
        try:
            self.prepare()
        except OSError as error:
            raise StartError(f"{self.name} cannot be prepared: {error}") from error
        if cancelled():
            raise Cancelled
        self.spawn()
        self._wait_until_ready(deadline, cancelled)

    def spawn(self) -> None:
        """Start the process without waiting for it. Raises StartError when the program cannot be run."""
        self.process = None
        self._log_begin = self.log_file.stat().st_size if self.log_file.exists() else 0
        try:
            self.process = popen(self.command(), self.log_file, self._environment)
            self._group_lives = True
        except OSError as error:
            raise StartError(f"{self.name} cannot be run: {error}") from error

    def wait(self) -> str:
        """Wait until the process ends and its children are gone; return how it ended, such as ``exit code 1``."""
        if self.process is None:
            return "never started"
        code = self.process.wait()
        self._end_group(self.process)
        return how_it_ended(code)

    def stop(self, seconds: float = 10.0) -> bool:
        """Ask the process to end, kill it and its children after ``seconds``; return whether it ended by itself."""
        if self.process is None:
            return True
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
            self.process.send_signal(signal.SIGCONT)  # a frozen process cannot end
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        by_itself = self.process.poll() is not None
        self._end_group(self.process)
        return by_itself

    def kill(self) -> None:
        """End the process and its children at once, as a crash would."""
        if self.process is not None:
            self._end_group(self.process)

    def pause(self) -> None:
        """Freeze the process: its connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on."""
        os.kill(self.pid, signal.SIGCONT)

    def _wait_until_ready(self, deadline: float, cancelled: Callable[[], bool]) -> None:
        while True:
            running = self.running  # asked first: a task may end, and so become ready, between the two questions
            if self.ready():
                return
            if cancelled():
                raise Cancelled
            if not running:
                raise StartError(f"{self.name} ended at its start with {self.wait()}{self._printed()}")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} is not ready in time {self.why_not_ready()}{self._printed()}")
            gevent.sleep(POLL_SECONDS)

    def _end_group(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill what is left of the group, such as the workers of a dead gunicorn master.

        Once only: when the group is gone, its number may become somebody else's.
        """
        if self._group_lives:
            self._group_lives = False
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _printed(self) -> str:
        """Return the last lines since the latest start, each on a line of its own."""
        return "".join(f"\n    {line}" for line in last_lines(self.log_file, 15, self._log_begin))


class Task(Managed):
    """A process that does one thing and ends; it is ready when it has ended with exit code 0."""

    kept = False

    def __init__(
        self, name: str, command: list[str], log_file: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(name, log_file, environment)
        self._command = command

    def command(self) -> list[str]:
        return self._command

    def ready(self) -> bool:
        return self.process is not None and self.process.poll() == 0


def popen(command: list[str], log_file: Path, environment: Mapping[str, str] | None) -> "subprocess.Popen[bytes]":
    """Start ``command`` in a session of its own that dies with this process, its output added to ``log_file``."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        return subprocess.Popen(  # noqa: S603  # a list of words of our own making, no shell
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=ROOT,
            start_new_session=True,
            preexec_fn=_dies_with(os.getpid()),  # noqa: PLW1509  # one system call; nothing else can set it
        )


def how_it_ended(code: int) -> str:
    """Return ``exit code 1`` or ``SIGKILL`` for the code that ``Popen`` gives."""
    if code >= 0:
        return f"exit code {code}"
    return next((known.name for known in signal.Signals if known == -code), f"signal {-code}")


def last_lines(log_file: Path, count: int, begin: int = 0) -> list[str]:
    """Return the last lines of a log, from byte ``begin`` on; none when there is no log."""
    if not log_file.exists():
        return []
    with log_file.open("rb") as file:
        file.seek(max(begin, log_file.stat().st_size - TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()[-count:]


def _dies_with(parent: int) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return before_exec
