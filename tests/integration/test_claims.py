"""Functions that act elsewhere, on a real MariaDB: one run under a request id, whoever asks when, and whatever dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Unpack
from urllib.parse import urlsplit

import gevent
import pytest
from gevent.event import Event

from apps.local.backends import MariaDB
from apps.worker.claims import ClaimRules, NotAnsweredError
from apps.worker.functions import Entry, Scope, acts, secret, writes
from apps.worker.module.common import ActTools, GameError, Reply, Tools, ok
from apps.worker.module.enums import Item
from apps.worker.outbox import Outbox, Rows
from apps.worker.rules import items
from apps.worker.runner import Runner
from apps.worker.seals import Seals
from common.http_client import ServiceUnavailableError
from common.mysql import Database
from tests.support import backend_servers
from tests.support.commit_proxy import CommitProxy
from tests.support.dated_calls import DatedCalls, dated_calls
from tests.support.runner import SEALS, call, pause, runner
from tests.support.waiting import wait_for

NOW = datetime(2030, 1, 2, 12, tzinfo=UTC)
NOTE = "note"
LONG = ClaimRules(lasts=60, patience=5)
SHORT = ClaimRules(lasts=0.2, patience=10)
IMPATIENT = ClaimRules(lasts=60, patience=0)


class Elsewhere:
    """Another service: it counts what was done, and answers when it is let."""

    def __init__(self) -> None:
        self.done = 0
        self.waits = 0
        self.may_answer = Event()
        self.may_answer.set()
        self.error: Exception | None = None

    def act(self) -> int:
        self.done += 1
        number = self.done
        self.waits += 1
        self.may_answer.wait()
        if self.error is not None:
            raise self.error
        return number


def do(**kwargs: Unpack[ActTools]) -> Reply:
    elsewhere: Any = kwargs["services"]
    number = elsewhere.act()
    if kwargs["deliver"] is not None:
        kwargs["deliver"](NOTE, {"number": number})
    return ok({"number": number, "lot": kwargs["lot"].hex()})


def refuse(**kwargs: Unpack[ActTools]) -> Reply:
    elsewhere: Any = kwargs["services"]
    raise GameError(99, f"refused {elsewhere.act()}")


def give(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    return ok(items.grant(kwargs["db"], uid, [items.item(Item.COIN, 1)]).as_data())


ENTRIES: dict[str, Entry] = {**secret(acts(Scope.PLAYER, do)), **acts(Scope.PLAYER, refuse),
                             **writes(Scope.PLAYER, give)}


class Scene:
    """Workers that share a database, each with its own way to it, and one other service."""

    def __init__(self, calls: DatedCalls, url: str) -> None:
        self.calls = calls
        self.elsewhere = Elsewhere()
        self.uid = calls.player()
        self.delivered: list[dict[str, Any]] = []
        self._url = url
        self._made: list[Any] = []

    def worker(self, rules: ClaimRules = LONG, seals: Seals = SEALS, network: CommitProxy | None = None) -> Runner:
        port = urlsplit(self._url).port
        url = self._url if network is None else self._url.replace(f":{port}/", f":{network.port}/")
        database = Database(url, connections=8, connect_seconds=5, statement_seconds=5, pause=pause)
        self._made.append(database)
        lease = timedelta(seconds=10)
        outbox = Outbox(database, {NOTE: self.delivered.append}, rows=Rows.REQUESTS, parallel=1, longest_wait=lease,
                        seconds=60, lease=lease, batch=10, inline_seconds=1, clock=lambda: NOW.replace(tzinfo=None))
        return runner(database, outbox, services=self.elsewhere, clock=lambda: NOW, rules=rules, seals=seals)

    def run(self, worker: Runner, name: str = "do", request_id: str = "r") -> bytes:
        return worker.run(call(ENTRIES[name], self.uid, request_id))

    @contextmanager
    def dying(self, worker: Runner, name: str = "do") -> Iterator[None]:
        """Let a worker die in the middle of a function, as a kill does: nothing of it happens any more."""
        self.elsewhere.may_answer.clear()
        dead = gevent.spawn(self.run, worker, name)
        wait_for(lambda: self.elsewhere.waits, what="the function to act")
        dead.kill()
        self.elsewhere.may_answer.set()
        self.elsewhere.waits = 0
        yield

    def rows(self) -> list[tuple[Any, ...]]:
        return self.calls.rows("SELECT answer FROM request WHERE owner = %s", self.uid)

    def close(self) -> None:
        for database in self._made:
            database.close()


@pytest.fixture(scope="module")
def url(database_server: MariaDB) -> Iterator[str]:
    with backend_servers.empty_database(database_server, "lukseun_claims") as url:
        yield url


@pytest.fixture(scope="module")
def calls(url: str) -> Iterator[DatedCalls]:
    with dated_calls(url) as calls:
        yield calls


@pytest.fixture
def scene(calls: DatedCalls, url: str) -> Iterator[Scene]:
    calls.execute("DELETE FROM outbox")
    scene = Scene(calls, url)
    yield scene
    scene.close()


@pytest.mark.parametrize("name", ["do", "refuse"])
def test_a_repeat_gets_the_first_ones_answer_from_any_worker(scene: Scene, name: str) -> None:
    first = scene.run(scene.worker(), name)
    assert scene.run(scene.worker(), name) == first
    assert scene.elsewhere.done == 1


@pytest.mark.parametrize("name", ["do", "refuse"])
def test_of_many_at_once_one_acts(scene: Scene, name: str) -> None:
    workers = [scene.worker() for _ in range(3)]
    asking = [gevent.spawn(scene.run, worker, name) for worker in workers * 4]
    gevent.joinall(asking, raise_error=True)
    assert len({one.get() for one in asking}) == 1
    assert scene.elsewhere.done == 1


def test_a_repeat_waits_for_the_answer(scene: Scene) -> None:
    first, second = scene.worker(), scene.worker()
    scene.elsewhere.may_answer.clear()
    asking = [gevent.spawn(scene.run, worker) for worker in (first, second)]
    wait_for(lambda: scene.elsewhere.done)
    scene.elsewhere.may_answer.set()
    assert asking[0].get() == asking[1].get()


def test_but_not_for_ever(scene: Scene) -> None:
    with scene.dying(scene.worker()), pytest.raises(NotAnsweredError):
        scene.run(scene.worker(IMPATIENT))
    assert scene.elsewhere.done == 1


def test_who_died_is_taken_over_when_a_job_cannot_last_longer(scene: Scene) -> None:
    with scene.dying(scene.worker(SHORT)):
        answer = scene.run(scene.worker(SHORT))
    assert scene.run(scene.worker(SHORT)) == answer
    assert scene.elsewhere.done == 2


def test_who_dies_twice_is_taken_over_twice(scene: Scene) -> None:
    with scene.dying(scene.worker(SHORT)), scene.dying(scene.worker(SHORT)):
        answer = scene.run(scene.worker(SHORT))
    assert b'"number":3' in answer


def test_each_run_of_a_request_draws_the_same_lot(scene: Scene) -> None:
    with scene.dying(scene.worker(SHORT)):
        answer = scene.run(scene.worker(SHORT))
    assert SEALS.lot(scene.uid, "r").hex().encode() in answer


def test_of_many_who_take_over_one_does(scene: Scene) -> None:
    with scene.dying(scene.worker(SHORT)):
        rules = ClaimRules(lasts=60, patience=10)
        asking = [gevent.spawn(scene.run, scene.worker(rules)) for _ in range(4)]
        gevent.joinall(asking, raise_error=True)
    assert len({one.get() for one in asking}) == 1
    assert scene.elsewhere.done == 2


def test_who_was_taken_over_does_not_answer(scene: Scene) -> None:
    scene.elsewhere.may_answer.clear()
    slow = gevent.spawn(scene.run, scene.worker(SHORT))
    wait_for(lambda: scene.elsewhere.done == 1)
    other = gevent.spawn(scene.run, scene.worker(SHORT))
    wait_for(lambda: scene.elsewhere.done == 2)
    scene.elsewhere.may_answer.set()
    answers = [one.get() if one.exception is None else None for one in gevent.joinall([slow, other])]
    assert isinstance(slow.exception, NotAnsweredError)
    assert scene.run(scene.worker()) in answers


def test_what_failed_may_be_tried_again_at_once(scene: Scene) -> None:
    worker = scene.worker(IMPATIENT)
    scene.elsewhere.error = ServiceUnavailableError("auth", "away")
    with pytest.raises(ServiceUnavailableError):
        scene.run(worker)
    assert scene.rows() == []
    scene.elsewhere.error = None
    assert b'"number":2' in scene.run(worker)


def test_what_is_to_be_delivered_goes_with_the_answer(scene: Scene) -> None:
    with scene.dying(scene.worker(SHORT)):
        assert scene.calls.rows("SELECT COUNT(*) FROM outbox") == [(0,)]
        scene.run(scene.worker(SHORT))
    scene.run(scene.worker())
    assert scene.delivered == [{"number": 2}]


def test_without_an_id_nothing_is_stored(scene: Scene) -> None:
    worker = scene.worker()
    assert scene.run(worker, request_id="") != scene.run(worker, request_id="")
    assert (scene.rows(), scene.delivered) == ([], [])


def test_a_secret_answer_is_sealed(scene: Scene) -> None:
    answer = scene.run(scene.worker())
    [[stored]] = scene.rows()
    assert SEALS.read(stored, scene.uid, "r") == answer
    assert b"number" not in stored


def test_with_another_key_the_request_is_run_again(scene: Scene) -> None:
    scene.run(scene.worker())
    worker = scene.worker(seals=Seals("another"))
    answer = scene.run(worker)
    assert scene.run(worker) == answer
    assert scene.elsewhere.done == 2


@pytest.mark.parametrize("arrives", [
    [True], [False], [None, True], [None, False], [True, True], [False, None, True, True], [None, False, False]])
def test_commits_of_which_nobody_knows(scene: Scene, url: str, arrives: list[bool | None]) -> None:
    network = CommitProxy(int(urlsplit(url).port or 0))
    network.start()
    worker = scene.worker(network=network)
    network.cut_next(*arrives)
    answer = scene.run(worker)
    assert network.left == 0
    assert scene.run(scene.worker()) == answer
    assert scene.elsewhere.done == 1
    assert scene.calls.rows("SELECT COUNT(*) FROM outbox") == [(1,)]
    network.stop()


def test_a_write_under_the_same_id_gets_the_answer(scene: Scene) -> None:
    answer = scene.run(scene.worker())
    assert scene.run(scene.worker(), "give") == answer
    assert scene.calls.balance(scene.uid, Item.COIN) == 0


def test_an_act_under_the_id_of_a_write_gets_its_answer(scene: Scene) -> None:
    answer = scene.run(scene.worker(), "give")
    assert scene.run(scene.worker()) == answer
    assert scene.elsewhere.done == 0


def test_a_write_under_the_id_of_an_act_that_is_under_way_does_nothing(scene: Scene) -> None:
    with scene.dying(scene.worker()), pytest.raises(NotAnsweredError):
        scene.run(scene.worker(), "give")
    assert scene.calls.balance(scene.uid, Item.COIN) == 0


def test_a_write_takes_the_place_of_an_act_that_died(scene: Scene) -> None:
    with scene.dying(scene.worker(SHORT)):
        wait_for(lambda: scene.calls.rows("SELECT 1 FROM request WHERE owner = %s AND due < UTC_TIMESTAMP(3)",
                                          scene.uid))
        answer = scene.run(scene.worker(), "give")
    assert scene.run(scene.worker()) == answer
    assert scene.calls.balance(scene.uid, Item.COIN) == 1


def test_a_write_and_an_act_at_once_have_one_answer_or_none(scene: Scene) -> None:
    asking = [gevent.spawn(scene.run, scene.worker(), name) for name in ("do", "give") * 3]
    gevent.joinall(asking)
    answers = {one.get() for one in asking if one.exception is None}
    assert len(answers) == 1
    assert all(isinstance(one.exception, NotAnsweredError | None) for one in asking)
    assert scene.elsewhere.done + scene.calls.balance(scene.uid, Item.COIN) == 1
