"""``python -m apps.config`` as a process: serving, files that break and are mended under it, checking, stopping."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gevent
import pytest

from tests.support.game_data_folder import FEW, PROJECT, GameDataFolder
from tests.support.waiting import wait_for

CONFIG = "/get_game_manager_config"


class ConfigProcess:
    """A config service on a free port, with its log in a file."""

    def __init__(self, game_data: Path, log: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port: int = server.getsockname()[1]
        self.log = log
        arguments = [f"--port={self.port}", f"--game-data={game_data}", "--reload-seconds=0.05", "--stop-seconds=5"]
        with log.open("wb") as output:
            self.process = subprocess.Popen([sys.executable, "-m", "apps.config", *arguments], cwd=PROJECT,
                                            stdout=output, stderr=subprocess.STDOUT)

    def get(self, path: str, etag: str = "") -> tuple[int, bytes, str]:
        """Return status, body and ETag."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path, headers={"If-None-Match": etag} if etag else {})
            response = connection.getresponse()
            return response.status, response.read(), response.getheader("ETag", "")
        finally:
            connection.close()

    def json(self, path: str) -> Any:
        return json.loads(self.get(path)[1])

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/livez")[0] == 200
        except OSError:
            return False

    def number(self) -> Any:
        return self.json(CONFIG)["task"]["login"]["quantity"]

    def problems(self) -> Any:
        return self.json("/readyz")["notes"]["game_data_problems"]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.stop()


Start = Callable[[], ConfigProcess]


@pytest.fixture
def folder(tmp_path: Path) -> GameDataFolder:
    return GameDataFolder(tmp_path)


@pytest.fixture
def start(folder: GameDataFolder, tmp_path: Path) -> Iterator[Start]:
    processes: list[ConfigProcess] = []

    def start_one() -> ConfigProcess:
        processes.append(ConfigProcess(folder.root, tmp_path / f"config-{len(processes)}.log"))
        wait_for(processes[-1].answers, what="the service to answer")
        return processes[-1]

    yield start_one
    for process in processes:
        process.kill()


def lines(process: ConfigProcess, level: str) -> list[str]:
    entries = [json.loads(line) for line in process.log.read_text().splitlines()]
    return [entry["message"] for entry in entries if entry["level"] == level]


def test_it_serves_and_stops(start: Start, folder: GameDataFolder) -> None:
    process = start()
    status, body, etag = process.get(CONFIG)
    assert (status, set(json.loads(body))) == (200, {name.partition("/")[2] for name in FEW} | {"version"})
    assert process.get(CONFIG, etag) == (304, b"", etag)
    assert process.get("/config/world")[0] == 200
    assert process.get("/config/../versions")[0] == 404
    assert process.json("/get_server_version") == {"version": "1.0"}
    assert process.get("/readyz")[0] == 200
    assert b"config_broken_files 0.0" in process.get("/metrics")[1]
    begun = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - begun < 5
    assert lines(process, "error") == []
    assert lines(process, "warning") == []


def test_a_file_breaks_and_is_mended(start: Start, folder: GameDataFolder) -> None:
    process = start()
    assert process.number() == 20
    folder.set("server/task", ["login", "quantity"], 77)
    wait_for(lambda: process.number() == 77)
    etag = process.get(CONFIG)[2]
    folder.path("server/mall").write_text('{"DIAMOND_MIN": {"quantity": 6')
    folder.set("server/task", ["login", "quantity"], 88)
    wait_for(process.problems)
    assert process.get(CONFIG, etag)[0] == 304
    assert process.problems() == ["1.0/server/mall.json: not JSON: Expecting ',' delimiter: line 1 column 31 (char 30)"]
    assert process.get("/readyz")[0] == 200
    assert b"config_broken_files 1.0" in process.get("/metrics")[1]
    folder.restore("server/mall")
    wait_for(lambda: process.number() == 88)
    assert process.problems() == []
    assert process.stop() == 0
    assert len([line for line in lines(process, "error") if "mall.json" in line]) == 1


def test_it_starts_with_broken_data_and_recovers(start: Start, folder: GameDataFolder) -> None:
    folder.set("server/world", ["worlds", 0, "merge"], "s77")
    process = start()
    assert process.get(CONFIG)[0] == 503
    status, body, _ = process.get("/readyz")
    assert status == 503
    assert "'s77' is not a world of this list" in json.loads(body)["checks"]["game_data"]["detail"]
    folder.restore("server/world")
    wait_for(lambda: process.get("/readyz")[0] == 200)
    assert process.get(CONFIG)[0] == 200
    assert process.stop() == 0


def test_polls_during_changes_get_whole_versions_and_never_older_ones(start: Start, folder: GameDataFolder) -> None:
    process = start()
    seen: list[int] = []

    def poll() -> None:
        while True:
            earlier = process.number()
            seen.append(earlier)
            assert process.json("/config/task")["login"]["quantity"] >= earlier

    greenlets = [gevent.spawn(poll) for _ in range(8)]
    for number in range(100, 110):
        folder.set("server/task", ["login", "quantity"], number)
        wait_for(partial(seen.__contains__, number))
    gevent.killall(greenlets)
    assert all(greenlet.successful() for greenlet in greenlets)


def check(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "apps.config", "--check", *arguments], cwd=PROJECT, text=True,
                          capture_output=True, timeout=60, check=False)


def test_the_check_of_the_project() -> None:
    done = check()
    assert (done.returncode, done.stdout, done.stderr) == (0, "version 1.0: 21 files are good\n", "")


def test_the_check_names_each_problem(folder: GameDataFolder) -> None:
    folder.set("server/task", ["login", "quantity"], 0)
    folder.set("server/check_in", ["consume", 0], "3:24:1")
    done = check(f"--game-data={folder.root}")
    assert done.returncode == 1
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "1.0/server/check_in.json: $.consume[0]: '3:24:1' is not an item string 3:iid:qty of a known item",
        "1.0/server/task.json: $.login.quantity: 0 is less than the minimum of 1",
    ]


def test_the_check_of_a_version_that_is_not_there() -> None:
    done = check("--game-version=9.9")
    assert done.returncode == 1
    assert "9.9/server/world.json: is missing" in done.stdout
