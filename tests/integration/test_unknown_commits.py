"""Commits whose answer is lost: with a request id the outcome is found out, and where it cannot be, nobody guesses."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import gevent
import orjson
import pytest

from apps.local.backends import MariaDB
from apps.worker.functions import function_list
from apps.worker.message_handler import guarded
from apps.worker.module.enums import Item
from apps.worker.runner import Call, Runner
from apps.worker.worlds import World
from common.mysql import Database
from common.mysql_pool import ImplicitLink
from tests.faults.proxy import Proxy
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, dated_calls

WORLD = World(id="s0", home="s0", name="s0", status=0)
TIMED_OUT = -2


class Scene:
    """A runner whose database is behind a proxy, and a player with nothing."""

    def __init__(self, url: str, proxy: Proxy, calls: DatedCalls) -> None:
        self.proxy = proxy
        self.calls = calls
        self.uid = calls.player()
        self.database = Database(url, connections=2, connect_seconds=1, statement_seconds=1.5, lock_seconds=1,
                                 attempts=2, pause=lambda _: gevent.sleep(0.05))
        outbox: Any = SimpleNamespace(deliver=lambda _: None)
        services: Any = SimpleNamespace()
        self._runner = Runner(self.database, services, outbox, clock=lambda: datetime(2030, 1, 2, tzinfo=UTC),
                              random=Random(1), lease=timedelta(seconds=10))
        self._entry = function_list(debug=True)["add_resources"]

    def add_coins(self, request_id: str) -> dict[str, Any]:
        call = Call(entry=self._entry, uid=self.uid, account="", world=WORLD, arguments={"items": ["3:1:5"]},
                    request_id=request_id, message_id="m", config={})
        answer: dict[str, Any] = orjson.loads(guarded(lambda: self._runner.run(call)))
        return answer

    @property
    def coins(self) -> int:
        return self.calls.balance(self.uid, Item.COIN)


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_commits") as url, dated_calls(url) as calls:
        calls.url = url  # type: ignore[attr-defined]
        yield calls


@pytest.fixture
def scene(database_server: MariaDB, calls: DatedCalls) -> Iterator[Scene]:
    url: str = calls.url  # type: ignore[attr-defined]
    port = urlsplit(url).port or 0
    proxy = Proxy(port)
    proxy.start()
    scene = Scene(url.replace(f":{port}/", f":{proxy.port}/"), proxy, calls)
    yield scene
    proxy.stop()
    scene.database.close()


def at_first_commit(monkeypatch: pytest.MonkeyPatch, happen: Callable[[], None]) -> None:
    """Let something happen just before the first COMMIT is sent."""
    commit = ImplicitLink.commit
    todo = [happen]

    def commit_late(link: ImplicitLink) -> None:
        if todo:
            todo.pop()()
        commit(link)

    monkeypatch.setattr(ImplicitLink, "commit", commit_late)


def lose_the_answer(proxy: Proxy, *, for_good: bool = False) -> None:
    """Let what comes next arrive, but not its answer; with ``for_good`` the database cannot be reached afterwards."""
    def cut() -> None:
        proxy.cut()
        if for_good:
            proxy.close()
        proxy.resume()

    proxy.pause(answers_only=True)
    gevent.spawn_later(0.3, cut)


def test_a_commit_whose_answer_is_lost_is_found(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    at_first_commit(monkeypatch, lambda: lose_the_answer(scene.proxy))
    answer = scene.add_coins("lost")
    assert (answer["status"], answer["data"]["remain"], scene.coins) == (0, ["3:1:5"], 5)
    assert scene.add_coins("lost") == answer
    assert scene.coins == 5


def test_a_commit_that_never_arrived_is_made(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    at_first_commit(monkeypatch, scene.proxy.cut)
    assert scene.add_coins("cut")["status"] == 0
    assert scene.coins == 5


@pytest.mark.parametrize("request_id", ["", "unknown"])
def test_nobody_says_that_nothing_happened_when_that_is_not_known(
        scene: Scene, monkeypatch: pytest.MonkeyPatch, request_id: str) -> None:
    at_first_commit(monkeypatch, lambda: lose_the_answer(scene.proxy, for_good=True))
    assert scene.add_coins(request_id)["status"] == TIMED_OUT
    assert scene.coins == 5
