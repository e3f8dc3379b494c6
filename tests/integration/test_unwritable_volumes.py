"""What mail and the chat log say when the folder of their volume belongs to somebody else."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from apps.local.ports import HOST, free_port
from apps.local.processes import ROOT
from tests.support import backend_servers
from tests.support.waiting import wait_for

WITHOUT_ROOTS_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
"""Root may write anywhere; without these it is like everybody else."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody may write to."""
    path = tmp_path / "volume"
    path.mkdir(mode=0o555)
    yield path
    path.chmod(0o755)


@contextmanager
def running(program: str, *arguments: str) -> Iterator[None]:
    """A program of ours that has no more rights than its user."""
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may write anywhere, and setpriv, which could take that away, is not here")
    prefix = WITHOUT_ROOTS_RIGHTS if os.geteuid() == 0 else []
    process = subprocess.Popen([*prefix, sys.executable, "-m", f"apps.{program}", *arguments], cwd=ROOT,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def readiness(port: int) -> Any:
    """Return the page /readyz, None while there is none."""
    connection = HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return json.load(connection.getresponse())
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def test_mail_names_the_folder_as_what_is_missing(folder: Path) -> None:
    port = free_port()
    with running("mail", f"--mail-root={folder}", f"--port={port}"):
        page = wait_for(lambda: readiness(port), what="mail's page")
    assert (page["ready"], page["missing"]) == (False, ["mail root"])
    assert page["checks"]["mail root"]["detail"] == "PermissionError: the mail root cannot be written to"


def test_the_chat_log_names_the_file_that_it_cannot_make(folder: Path) -> None:
    port = free_port()
    with backend_servers.nats() as nats, running(
            "chatlog", f"--log-dir={folder}", f"--nats-url={nats.url}", f"--ops-port={port}"):
        def told() -> Any:
            page = readiness(port)
            return page if page and "PermissionError" in page["checks"]["log"]["detail"] else None

        page = wait_for(told, what="the chat log to say what is wrong")
    assert page["ready"] is False
    assert str(folder) in page["checks"]["log"]["detail"]
