"""Mutes from the database to the edges: of all words about one, in whatever order they arrive, the last counts."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import gevent
import orjson
import pytest

from apps.local.backends import MariaDB
from apps.worker import last_words
from apps.worker.mail_client import MailClient
from apps.worker.receivers import mute_subject, receivers
from apps.worker.rules import chat_control
from apps.worker.rules.chat_control import PLAYER, Target, TooLongError
from apps.worker.unit_of_work import Cause, Delivery, Work
from common.mysql import Database
from common.nats import Client
from common.nats.chat_stream import MUTES
from common.nats.errors import NATSError
from common.nats.jetstream import JetStream
from tests.support import backend_servers
from tests.support.dated_calls import dated_calls
from tests.support.edge import Edge, EdgeSystem
from tests.support.edge_pair import Running, nats, one, system, two_edges
from tests.support.waiting import wait_for

LONGEST = timedelta(days=366)
HOUR = timedelta(hours=1)
NAMES = itertools.count()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    yield from two_edges(EdgeSystem(jetstream=True))


@pytest.fixture(scope="module")
def database(database_server: MariaDB) -> Iterator[Database]:
    with backend_servers.empty_database(database_server, "lukseun_chat_mutes") as url, dated_calls(url):
        database = Database(url, connections=16, connect_seconds=5, statement_seconds=10,
                            pause=lambda number: gevent.sleep(0.01 * number))
        yield database
        database.close()


@pytest.fixture
def jetstream(nats: Client) -> JetStream:
    return JetStream(nats, 5)


@pytest.fixture
def deliver(nats: Client, jetstream: JetStream) -> Any:
    """What the outbox of a worker calls."""
    return receivers(cast(MailClient, None), nats, jetstream)[chat_control.CHAT_MUTE]


def word(database: Database, target: Target, length: timedelta | None) -> dict[str, Any]:
    """Say something about a target, None to end it; return what is in the outbox then."""
    def work(tx: Any) -> list[Delivery]:
        now = datetime.now(UTC)
        db = Work(tx.connection, Cause("a master", "test", "r", now.replace(tzinfo=None)), timedelta(hours=1))
        if length is None:
            chat_control.end(db, target)
        else:
            chat_control.mute(db, target, now + length, LONGEST)
        return db.deliveries

    [delivery] = database.transaction(work)
    return delivery.body


def player(name: str, world: str) -> Target:
    return Target(PLAYER, f"uid of {name}", world)


def heard(system: EdgeSystem, edge: Edge, world: str, name: str) -> bool:
    """Whether others hear what a player says."""
    speaker, listener = system.join(edge, name, world), system.join(edge, "listener", world)
    speaker.send(b"0000PUBLICcan you hear me", b"000000EXIT")
    while speaker.line() is not None:  # then it has been published, or held back
        pass
    listener.send(b"0000PUBLICend")
    return listener.line() == b"0000PUBLIC%b:can you hear me" % name.encode()


def control(edge: Edge, kind: str) -> float:
    return edge.metric(f'edge_controls_total{{kind="{kind}"}}')


def test_a_word_that_was_delayed_does_not_bring_back_a_mute_that_was_ended(
        system: EdgeSystem, one: Edge, database: Database, deliver: Any, jetstream: JetStream) -> None:
    world, name = system.world(), f"ada{next(NAMES)}"
    mute, end = (word(database, player(name, world), length) for length in (HOUR, None))
    before = control(one, "mute")
    deliver(end)
    for _ in range(3):  # the outbox may deliver more than once, too
        deliver(mute)
    wait_for(lambda: control(one, "mute") == before + 1)
    assert heard(system, one, world, name)
    assert heard(system, system.edge(), world, name), "an edge that starts later"
    last = jetstream.last(MUTES, mute_subject(mute))
    assert last is not None
    assert orjson.loads(last.payload) == end


def test_an_edge_that_hears_an_older_word_goes_by_its_time(
        system: EdgeSystem, one: Edge, database: Database, nats: Client) -> None:
    world, name = system.world(), f"ada{next(NAMES)}"
    mute, end = (word(database, player(name, world), length) for length in (HOUR, None))
    before = control(one, "overtaken")
    for body in (end, mute):
        nats.publish(mute_subject(mute), payload=orjson.dumps(body))
    wait_for(lambda: control(one, "overtaken") == before + 1)
    assert heard(system, one, world, name)


def test_words_of_many_at_once_have_times_of_their_own_and_the_last_one_stays(
        system: EdgeSystem, one: Edge, database: Database, deliver: Any, jetstream: JetStream) -> None:
    world, name = system.world(), f"ada{next(NAMES)}"
    target = player(name, world)
    words = [gevent.spawn(word, database, target, HOUR * number or None) for number in range(16)]
    gevent.joinall(words, raise_error=True)
    bodies = [greenlet.get() for greenlet in words]
    assert len({body["time"] for body in bodies}) == 16
    last = max(bodies, key=lambda body: str(body["time"]))
    random.Random(5).shuffle(bodies)
    gevent.joinall([gevent.spawn(deliver, body) for body in bodies], raise_error=True)
    stored = jetstream.last(MUTES, mute_subject(last))
    assert stored is not None
    assert orjson.loads(stored.payload) == last
    now = datetime.now(UTC)
    kept = [row.until.replace(tzinfo=UTC).timestamp()
            for row in database.read(lambda db: list(chat_control.muted(db, now))) if row.target.id == target.id]
    assert kept == ([pytest.approx(last["until"], abs=0.001)] if last["until"] else [])
    assert heard(system, one, world, name) == (last["until"] == 0)


def test_a_time_grows_even_if_the_clock_does_not(database: Database) -> None:
    target = player(f"ada{next(NAMES)}", "s1")
    first = word(database, target, HOUR)
    database.transaction(lambda tx: tx.execute("UPDATE chat_mute SET said = said + INTERVAL 1 DAY WHERE id = %s",
                                               target.id))
    assert word(database, target, None)["time"][:10] > first["time"][:10]


def test_a_mute_that_nobody_would_remember_is_refused(database: Database) -> None:
    with pytest.raises(TooLongError, match="at most 366 days"):
        word(database, player("nobody", "s1"), LONGEST + timedelta(seconds=1))
    assert not database.read(lambda db: db.all("SELECT id FROM chat_mute WHERE id = 'uid of nobody'"))


def test_without_the_stream_a_word_stays_in_the_outbox(nats: Client) -> None:
    with pytest.raises(NATSError):
        last_words.say(JetStream(nats, 1), "NO_SUCH_STREAM", "control.nothing", {"time": "2026"})


def test_what_is_no_word_in_the_stream_is_replaced(jetstream: JetStream) -> None:
    subject = f"control.chat.s1.mute.player.x{next(NAMES)}"
    for number, garbage in enumerate((b"", b"[]", b"{}", b'{"time": 5}')):
        last = jetstream.last(MUTES, subject)
        jetstream.store_after(last.number if last else 0, subject, garbage)
        assert last_words.say(jetstream, MUTES, subject, {"time": f"202{number}"})
