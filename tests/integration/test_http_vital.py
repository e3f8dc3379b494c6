"""An HTTP service whose worker has lost a loop that it cannot do without gets another worker."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest

from apps.local.ports import free_port
from tests.support.edge import ROOT
from tests.support.waiting import wait_for

PROGRAM = """
from gevent import monkey
monkey.patch_all()
import os, sys
from flask import Flask
from common import vital
from common.health import Health
from common.http_service import HttpServiceSettings, equip, reply, serve

settings = HttpServiceSettings(stop_seconds=5, http_drain_seconds=0)

def load():
    app = Flask("test")
    app.get("/pid", endpoint="pid")(lambda: reply(os.getpid()))
    app.get("/die", endpoint="die")(lambda: vital.spawn(lambda: 1 / 0) and reply("soon"))
    return equip(app, Health(), settings)

serve("test", settings, int(sys.argv[1]), load)
"""


@pytest.fixture
def port() -> Iterator[int]:
    found = free_port()
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(found)], cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        yield found
        process.terminate()


def get(port: int, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def test_the_master_replaces_a_worker_that_is_only_half_alive(port: int) -> None:
    first = wait_for(lambda: get(port, "/pid"))
    assert get(port, "/die") == '"soon"'
    wait_for(lambda: get(port, "/pid") not in ("", first))
