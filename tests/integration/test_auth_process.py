"""``python -m apps.auth`` as a process: start, stop, loss of Redis, several at once."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from tests.support.auth import KEY, PROJECT, AuthProcess, Start, processes
from tests.support.valkey import Valkey, running
from tests.support.waiting import wait_for


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with running(tmp_path) as server:
        yield server


@pytest.fixture
def start(tmp_path: Path, valkey: Valkey) -> Iterator[Start]:
    with processes(tmp_path, valkey.url) as start_one:
        yield start_one


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "apps.auth", *arguments], cwd=PROJECT, env=environment, text=True,
                          capture_output=True, timeout=20, check=False)


def test_it_serves_stops_and_tells_no_secrets(start: Start) -> None:
    process = start()
    token = process.post("/issue_token", uid="a")[1]["token"]
    assert process.post("/validate_token", token=token)[1]["data"]["uid"] == "a"
    assert process.post("/validate_token", token=token + "x")[1] == {"status": 1}
    assert process.post("/register_nonce", nonce="a-secret-nonce", payload={"a": "a-secret-payload"})[0] == 200
    begun = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - begun < 100
    log = process.log.read_text()
    assert "Listening at" in log
    for secret in (token, token.split(".")[1], KEY, "a-secret-nonce", "a-secret-payload"):
        assert secret not in log


def test_a_nonce_is_redeemed_once_whoever_asks(start: Start) -> None:
    processes = [start() for _ in range(3)]
    nonces = [f"nonce-{number}" for number in range(5)]
    for nonce in nonces:
        assert processes[0].post("/register_nonce", nonce=nonce, payload={"n": nonce})[1] == {"status": 0}
    greenlets = [gevent.spawn(processes[turn % 3].post, "/redeem_nonce", keys=nonces) for turn in range(100)]
    answers = [greenlet.get(timeout=30)[1] for greenlet in greenlets]
    for nonce in nonces:
        won = [answer[nonce] for answer in answers if answer[nonce]["status"] == 0]
        assert won == [{"status": 0, "n": nonce}]


def test_a_nonce_is_registered_once_whoever_asks(start: Start) -> None:
    processes = [start() for _ in range(2)]
    greenlets = [gevent.spawn(processes[turn % 2].post, "/register_nonce", nonce="n", payload={"turn": turn})
                 for turn in range(50)]
    assert sorted(greenlet.get(timeout=30)[1]["status"] for greenlet in greenlets) == [0] + [1] * 49


def test_redis_goes_away_and_comes_back_empty(start: Start, valkey: Valkey) -> None:
    process = start()
    token = process.post("/issue_token", uid="a")[1]["token"]
    valkey.kill()
    wait_for(lambda: process.get("/readyz")[0] == 503)
    assert process.get("/readyz")[1]["checks"]["redis"]["ok"] is False
    assert process.get("/livez")[0] == 200
    for path, fields in (("/issue_token", {"uid": "a"}), ("/validate_token", {"token": token}),
                         ("/register_nonce", {"nonce": "n", "payload": {}}), ("/redeem_nonce", {"keys": ["n"]})):
        begun = time.monotonic()
        status, body = process.post(path, **fields)
        assert (status, body["status"]) == (503, -3), process.log.read_text()
        assert time.monotonic() - begun < 10
    assert process.post("/validate_token", token="x") == (200, {"status": 1})
    valkey.start()
    wait_for(process.ready)
    assert process.post("/validate_token", token=token)[1]["status"] == 0
    assert process.post("/register_nonce", nonce="n", payload={})[1] == {"status": 0}


def test_redis_hangs(start: Start, valkey: Valkey) -> None:
    process = start()
    valkey.signal(signal.SIGSTOP)
    begun = time.monotonic()
    assert process.post("/issue_token", uid="a")[0] == 503
    assert time.monotonic() - begun < 10
    wait_for(lambda: process.get("/readyz")[0] == 503)
    valkey.signal(signal.SIGCONT)
    wait_for(process.ready)
    assert process.post("/issue_token", uid="a")[0] == 200


def test_it_starts_without_redis_and_is_not_ready(tmp_path: Path, valkey: Valkey) -> None:
    valkey.kill()
    process = AuthProcess(tmp_path, valkey.url)
    starting = gevent.spawn(process.start)
    try:
        wait_for(lambda: process.log.exists() and "auth" in process.log.read_text())
        valkey.start()
        starting.get(timeout=20)
        assert process.post("/issue_token", uid="a")[0] == 200
        assert process.stop() == 0
    finally:
        process.kill()


@pytest.mark.parametrize(("key", "said"), [
    ("", "required"), ("short", "at least 32"), (f"a:{KEY},a:{KEY}", "two keys"),
])
def test_it_refuses_to_start_without_a_fit_key(key: str, said: str) -> None:
    refused = run(JWT_KEY=key)
    assert refused.returncode == 2
    assert "JWT_KEY" in refused.stderr
    assert said in refused.stderr
    assert KEY not in refused.stderr


def test_a_key_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("short\n")
    assert "at least 32" in run(f"--jwt-key-file={tmp_path / 'keys'}").stderr


def test_help() -> None:
    shown = run("--help", JWT_KEY=KEY)
    assert shown.returncode == 0
    assert "--account-token-seconds" in shown.stdout
    assert KEY not in shown.stdout
