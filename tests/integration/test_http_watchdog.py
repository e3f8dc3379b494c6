"""Auth, config and mail name what holds their event loop for longer than ``--blocked-seconds``, and nothing else."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apps.local.ports import HOST, free_port
from apps.local.processes import ROOT
from tests.support.waiting import wait_for

REQUESTS = 300
REQUEST = b"GET /livez HTTP/1.1\r\nHost: test\r\n\r\n"
LOGGED = re.compile(r"the event loop was held for \d+ ms by (apps|common)\.")
SERVICES = {"auth": {"jwt-key": "key-of-the-watchdog-tests-0123456789"}, "config": {}, "mail": {"mail-root": "mail"}}


@contextmanager
def running(name: str, folder: Path, blocked_seconds: float) -> Iterator[tuple[int, Path]]:
    """Run a service in a folder of its own; give its port and its log."""
    port, log = free_port(), folder / "log"
    options = {"port": port, "blocked-seconds": blocked_seconds, "http-drain-seconds": 0, **SERVICES[name]}
    command = [sys.executable, "-m", f"apps.{name}", *(f"--{option}={value}" for option, value in options.items())]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=output,
                                   stderr=output)
    try:
        wait_for(lambda: get(port, "/livez"))
        yield port, log
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    except OSError:
        return ""
    finally:
        connection.close()


def hold(port: int) -> None:
    """Send many requests in one piece: the service answers them all without giving anybody else a turn."""
    with socket.create_connection((HOST, port), 10) as connection:
        connection.sendall(REQUEST * REQUESTS)
        received = b""
        while received.count(b"200 OK") < REQUESTS:
            received += connection.recv(65536)


def blocked(port: int) -> float:
    found = re.findall(r"^event_loop_blocked_total\{.*\} (\S+)$", get(port, "/metrics"), re.MULTILINE)
    return sum(map(float, found))


@pytest.mark.parametrize("name", SERVICES)
def test_what_holds_the_loop_for_too_long_is_named(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, 0.02) as (port, log):
        hold(port)
        wait_for(lambda: LOGGED.search(log.read_text()))
        assert blocked(port) >= 1


@pytest.mark.parametrize("name", SERVICES)
def test_what_holds_it_for_less_is_not_named(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, 60) as (port, log):
        hold(port)
        assert blocked(port) == 0
        assert not LOGGED.search(log.read_text())
