"""A commit of which nobody knows whether it happened: run again under a request id, told as such without one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Unpack
from urllib.parse import urlsplit

import pytest

from apps.local.backends import MariaDB
from apps.worker.functions import Scope, writes
from apps.worker.module.common import GameError, Reply, Tools, ok
from apps.worker.module.enums import Item
from apps.worker.outbox import Outbox, Rows
from apps.worker.rules import items
from common.mysql import Database, OutcomeUnknownError
from tests.support import backend_servers
from tests.support.commit_proxy import CommitProxy
from tests.support.dated_calls import DatedCalls, dated_calls
from tests.support.runner import call, pause, runner

NOW = datetime(2030, 1, 2, 12, tzinfo=UTC)
LEASE = timedelta(seconds=10)
NOTE = "note"


def give(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """Give a coin and tell somebody; the answer is never the same twice."""
    db = kwargs["db"]
    change = items.grant(db, uid, [items.item(Item.COIN, 1)])
    db.deliver(NOTE, {"uid": uid})
    return ok({**change.as_data(), "number": db.value("SELECT UUID()")})


def refuse(**kwargs: Unpack[Tools]) -> Reply:
    raise GameError(99, str(kwargs["db"].value("SELECT UUID()")))


class Scene:
    """A runner whose way to the database breaks."""

    def __init__(self, calls: DatedCalls, url: str) -> None:
        self.calls = calls
        self.delivered: list[dict[str, Any]] = []
        self.moment = NOW
        self.network = CommitProxy(int(urlsplit(url).port or 0))
        self.network.start()
        self.database = Database(
            url.replace(f":{urlsplit(url).port}/", f":{self.network.port}/"), connections=2, connect_seconds=5,
            statement_seconds=5, pause=pause)
        self.outbox = Outbox(
            self.database, {NOTE: self.delivered.append}, rows=Rows.REQUESTS, parallel=1, longest_wait=LEASE,
            seconds=60, lease=LEASE, batch=10, inline_seconds=1, clock=lambda: self.moment.replace(tzinfo=None))
        self.runner = runner(self.database, self.outbox, clock=lambda: self.moment)
        self.uid = calls.player()

    def run(self, request_id: str, name: str = "give") -> bytes:
        entry = writes(Scope.PLAYER, give, refuse)[name]
        return self.runner.run(call(entry, self.uid, request_id))

    def coins(self) -> int:
        return self.calls.balance(self.uid, Item.COIN)

    def deliver_leftovers(self) -> None:
        self.outbox.settle()
        self.moment += 2 * LEASE
        self.outbox.sweep()

    def close(self) -> None:
        self.database.close()
        self.network.stop()


@pytest.fixture(scope="module")
def url(database_server: MariaDB) -> Iterator[str]:
    with backend_servers.empty_database(database_server, "lukseun_runner_commits") as url:
        yield url


@pytest.fixture(scope="module")
def calls(url: str) -> Iterator[DatedCalls]:
    with dated_calls(url) as calls:
        yield calls


@pytest.fixture
def scene(calls: DatedCalls, url: str) -> Iterator[Scene]:
    scene = Scene(calls, url)
    yield scene
    scene.close()


@pytest.mark.parametrize("arrives", [[True], [False], [True, True], [False, True], [False, False]])
def test_under_a_request_id_it_happens_once_and_is_answered(scene: Scene, arrives: list[bool]) -> None:
    scene.network.cut_next(*arrives)
    answer = scene.run("r1")
    assert scene.network.left == 0
    assert scene.coins() == 1
    assert scene.run("r1") == answer
    scene.deliver_leftovers()
    assert scene.delivered.count({"uid": scene.uid}) == 1  # rows of other tests may be taken over too
    assert scene.coins() == 1


@pytest.mark.parametrize("arrives", [True, False])
def test_a_refusal_is_stored_once(scene: Scene, *, arrives: bool) -> None:
    scene.network.cut_next(arrives)
    answer = scene.run("r1", "refuse")
    assert scene.run("r1", "refuse") == answer


@pytest.mark.parametrize("arrives", [True, False])
def test_without_a_request_id_nobody_guesses(scene: Scene, *, arrives: bool) -> None:
    scene.network.cut_next(arrives)
    with pytest.raises(OutcomeUnknownError):
        scene.run("")
    assert scene.coins() == int(arrives)


def test_nobody_says_that_nothing_happened_when_that_cannot_be_found_out(scene: Scene) -> None:
    scene.network.cut_next(True, for_good=True)
    with pytest.raises(OutcomeUnknownError):
        scene.run("r1")
    assert scene.coins() == 1


def test_it_ends_when_every_commit_is_lost(scene: Scene) -> None:
    scene.network.cut_next(*[False] * 10)
    with pytest.raises(OutcomeUnknownError):
        scene.run("r1")
    scene.network.cut_next()
    scene.run("r1")
    assert scene.coins() == 1
