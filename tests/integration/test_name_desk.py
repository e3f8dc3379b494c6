"""Workers tell who has a game name: on a real database and a real NATS server."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import orjson
import pytest
from gevent.event import Event

from apps.local.backends import MariaDB, Nats
from apps.worker.module import player as player_module
from apps.worker.name_desk import NameDesk
from apps.worker.rules import player_names
from apps.worker.rules.player_names import Bearer
from apps.worker.worlds import World
from common.mysql import DatabaseUnavailableError
from common.nats import Client, NATSRequestTimeoutError
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, at, dated_calls
from tests.support.waiting import wait_for

NOON = at("2030-01-05 12:00:00")
WORLD = World(id="s0", home="s0", name="s0", status=0)
Find = Callable[[str, str], Bearer | None]


class AnyWords:
    """Lets every name be."""

    class words:  # noqa: N801  # stands for an attribute
        allows = staticmethod(lambda name: True)


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_name_desk") as url, dated_calls(url) as calls:
        yield calls


@pytest.fixture
def client(nats_server: Nats) -> Iterator[Client]:
    client = Client([nats_server.url], name="edge")
    client.start()
    assert client.wait_connected(10)
    yield client
    client.close()


def desk(client: Client, subject: str, find: Find, *, queue: int = 10, seconds: float = 5.0) -> NameDesk:
    found = NameDesk(client, find, subject=subject, queue_group="workers", concurrency=2, queue=queue, seconds=seconds,
                     clock=time.monotonic)
    found.start()
    client.flush()
    return found


def ask(client: Client, subject: str, payload: Any, timeout: float = 10) -> dict[str, str]:
    data = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    answer: dict[str, str] = orjson.loads(client.request(subject, payload=data, timeout=timeout).payload)
    return answer


def test_a_name_is_found_as_everywhere_else(calls: DatedCalls, client: Client) -> None:
    uid = calls.player()
    at_desk = desk(client, "names.found", lambda world, name: calls.database.read(
        lambda db: player_names.bearer(db, world, name)))
    for name in (uid, uid.upper()):
        assert ask(client, "names.found", {"world": "s0", "gn": name}) == {"uid": uid, "gn": uid}
    for world, name in (("s1", uid), ("s0", "nobody"), ("s0", uid + " "), ("s0", ""), ("s0", "x" * 999),
                        ("s0", "' OR 1 -- "), ("s0", uid + "\0")):
        assert ask(client, "names.found", {"world": world, "gn": name}) == {"uid": "", "gn": ""}, name
    at_desk.stop()


def test_a_new_name_and_what_the_chat_is_told_of_it_are_one_commit(calls: DatedCalls) -> None:
    uid, other = calls.player(), calls.player()
    calls.execute("INSERT INTO item (uid, iid, value) VALUES (%s, 5, 250)", uid)
    told = "SELECT body FROM outbox WHERE kind = 'chat_name' ORDER BY id"

    def rename(gn: str) -> int:
        return calls.call(player_module.change_player_name, uid, NOON, gn=gn, world=WORLD, services=AnyWords).status

    assert [rename("Ada"), rename("Zoe"), rename("Bea"), rename(other)] == [0, 0, 98, 99]
    words = [orjson.loads(body) for (body,) in calls.rows(told)]
    assert [(word["kind"], word["world"], word["uid"], word["gn"]) for word in words] == [
        ("name", "s0", uid, "Ada"), ("name", "s0", uid, "Zoe")]
    assert words[0]["time"] <= words[1]["time"]
    assert calls.rows("SELECT gn, gn_key FROM player WHERE uid = %s", uid) == [("Zoe", "zoe")]


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b"garbage", {"world": "s0"}, {"world": 1, "gn": "a"},
                                     {"world": "s0", "gn": None}])
def test_what_is_no_question_is_answered_as_such(client: Client, payload: Any) -> None:
    at_desk = desk(client, "names.malformed", lambda _world, _name: None)
    assert ask(client, "names.malformed", payload) == {"error": "malformed"}
    at_desk.stop()


@pytest.mark.parametrize("error", [DatabaseUnavailableError("away"), ZeroDivisionError()])
def test_what_cannot_be_looked_up_is_said_and_the_next_question_answered(client: Client, error: Exception) -> None:
    answers = iter([error, error, error, None])

    def find(_world: str, name: str) -> Bearer:
        if (trouble := next(answers)) is not None:
            raise trouble
        return Bearer("u1", name)

    at_desk = desk(client, "names.failed", find)
    question = {"world": "s0", "gn": "ada"}
    assert [ask(client, "names.failed", question) for _ in range(4)] == [*[{"error": "failed"}] * 3,
                                                                         {"uid": "u1", "gn": "ada"}]
    at_desk.stop()


def test_it_is_bounded_in_what_runs_waits_and_takes_too_long(client: Client) -> None:
    go, running = Event(), []

    def find(_world: str, name: str) -> Bearer:
        running.append(name)
        go.wait()
        return Bearer("u1", name)

    at_desk = desk(client, "names.bounded", find, queue=3, seconds=1.0)
    asking = [gevent.spawn(ask, client, "names.bounded", {"world": "s0", "gn": str(number)}, 3) for number in range(2)]
    wait_for(lambda: len(running) == 2)
    asking += [gevent.spawn(ask, client, "names.bounded", {"world": "s0", "gn": str(number)}, 3)
               for number in range(2, 12)]
    gevent.joinall(asking)
    assert [job.value for job in asking[:2]] == [{"error": "failed"}] * 2, "they took too long"
    assert sum(job.value == {"error": "busy"} for job in asking) == 7
    assert sum(isinstance(job.exception, NATSRequestTimeoutError) or job.value == {"error": "failed"}
               for job in asking[2:]) == 3, "those that waited had no time left"
    go.set()
    assert ask(client, "names.bounded", {"world": "s0", "gn": "next"}) == {"uid": "u1", "gn": "next"}
    at_desk.stop()
