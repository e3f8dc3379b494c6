"""A backup of a running system, the loss of everything, and the restore, as docs/operations.md tells it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
import pytest
import redis

from apps.client.player import Player
from apps.local.processes import ROOT
from common.mysql_url import connection_options
from common.nats.client import Client
from common.nats.jetstream import JetStream, Stream
from operations.database import counts
from tests.support.game import Game, balances, give, mails, name_of, settle
from tests.support.local_system import LocalSystem

SECONDS = 10.0
STREAM = Stream("REHEARSAL", ("rehearsal.>",))


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalSystem]:
    """A system that the test may wipe."""
    system = LocalSystem(tmp_path / "run")
    yield system
    system.clean_up()


class Program:
    """Runs a program of the folder operations against a local system."""

    def __init__(self, local: LocalSystem) -> None:
        self._local = local

    def __call__(self, module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        data = self._local.data
        return subprocess.run(
            [sys.executable, "-m", f"operations.{module}", f"--endpoints={data / 'endpoints.json'}",
             f"--mail-root={data / 'mail'}", *arguments],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


class People:
    """Two players, and all that can be seen of them."""

    def __init__(self, game: Game) -> None:
        self.ada, self.bea = settle(game.registered("ada_account")), settle(game.guest())
        self.device = Player(game.gate)
        give(self.ada, "3:5:500")
        name = name_of(self.bea)
        body = "two\nlines 'quoted' \\ 💎"
        assert self.ada.call("send_mail", gn_target=name, subj="你好", body=body)["status"] == 0
        assert self.ada.call("request_friend", gn_target=name)["status"] == 0
        self.bea.call("mark_read_mail", key=mails(self.bea)[0]["key"])

    def seen(self) -> dict[str, Any]:
        """Return what their clients show, with the tokens that they had."""
        return {name: [name_of(player), balances(player), player.call("get_info_player")["data"]["exp"], mails(player)]
                for name, player in (("ada", self.ada), ("bea", self.bea))}

    def at(self, game: Game) -> None:
        """Go on at a system that listens elsewhere."""
        self.ada, self.bea, self.device = (
            Player(game.gate, player.state) for player in (self.ada, self.bea, self.device))


def rows(local: LocalSystem) -> dict[str, int]:
    """Return how many rows each table has."""
    options = connection_options(local.endpoints["mysql"], SECONDS, SECONDS)
    with closing(pymysql.connect(**options, autocommit=True)) as connection:
        return counts(connection)


def ledger(local: LocalSystem) -> str:
    """Return the last line of what the check of the ledger says."""
    run = subprocess.run([sys.executable, "-m", "apps.worker.ledger", "verify",
                          f"--mysql-url={local.endpoints['mysql']}"], cwd=ROOT, capture_output=True, text=True,
                         timeout=60, check=False)
    return run.stdout.splitlines()[-1] if run.stdout else run.stderr


def stream(local: LocalSystem, publish: int = 0) -> list[bytes]:
    """Publish messages to a stream of this test; return all that it holds."""
    client = Client((local.endpoints["nats"],), name="test", timeout=SECONDS)
    client.start()
    with closing(client):
        assert client.wait_connected(SECONDS)
        jetstream = JetStream(client, SECONDS)
        if publish:
            jetstream.keep(STREAM)
            for number in range(publish):
                client.request("rehearsal.a", payload=b"%d" % number + b"x" * 100_000)
        return [message.payload for message in jetstream.read(STREAM.name, "rehearsal.>", number=1, most=100)]


def codes(local: LocalSystem) -> "redis.Redis":
    """Return a client of the system's Redis."""
    return redis.Redis.from_url(local.endpoints["redis"], socket_timeout=SECONDS)


def wipe(local: LocalSystem) -> None:
    """Lose everything but the secrets."""
    for part in ("mysql", "redis", "nats", "mail"):
        shutil.rmtree(local.data / part)


def test_everything_comes_back(local: LocalSystem, tmp_path: Path) -> None:
    people = People(Game({**local.start().endpoints, "codes": ""}))
    assert people.device.call("login_unique", unique_id="rehearsal")["status"] == 1
    codes(local).set(b"rehearsal \xff", b"\x00value", ex=1000)
    before, kept = people.seen(), rows(local)
    messages = stream(local, publish=20)
    program, folder = Program(local), tmp_path / "backup"
    saved = program("backup", f"--target={folder}")
    assert saved.returncode == 0, saved.stderr
    assert (folder / "manifest.json").exists()
    assert folder.stat().st_mode & 0o077 == 0

    assert local.stop() == 0
    wipe(local)
    game = Game({**local.start().endpoints, "codes": ""})
    people.at(game)
    assert people.ada.call("get_info_player")["status"] != 0

    restored = program("restore", f"--source={folder}")
    assert restored.returncode == 0, restored.stderr
    assert local.stop() == 0
    people.at(Game({**local.start().endpoints, "codes": ""}))
    assert people.seen() == before
    assert rows(local) | {"request": 0, "outbox": 0} == kept | {"request": 0, "outbox": 0}
    assert ledger(local) == "0 differences"
    assert stream(local) == messages
    assert codes(local).get(b"rehearsal \xff") == b"\x00value"
    assert 0 < codes(local).ttl(b"rehearsal \xff") <= 1000
    assert people.device.call("login_unique", unique_id="rehearsal")["status"] == 0
    assert people.ada.call("login", identifier="account", value="ada_account", password="secret1")["status"] == 0
    assert people.ada.call("enter_world")["status"] == 0
    assert people.ada.call("send_mail", gn_target=name_of(people.bea), subj="a", body="b")["status"] == 0
    assert len(mails(people.bea)) == len(before["bea"][3]) + 1

    second = program("restore", f"--source={folder}")
    assert second.returncode == 1
    assert "have rows" in second.stderr


def test_a_damaged_backup_is_not_restored(local: LocalSystem, tmp_path: Path) -> None:
    local.start()
    program, folder = Program(local), tmp_path / "backup"
    assert program("backup", f"--target={folder}").returncode == 0
    assert "exists" in program("backup", f"--target={folder}").stderr
    with (folder / "database.sql.gz").open("ab") as file:
        file.write(b"x")
    refused = program("restore", f"--source={folder}")
    assert refused.returncode == 1
    assert "database.sql.gz is not what the backup wrote" in refused.stderr
