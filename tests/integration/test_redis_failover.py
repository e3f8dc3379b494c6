"""The Redis client while another server becomes the primary: what was refused goes there, nothing is done twice."""

import itertools
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
import redis

from common.redis_client import NotSentError, PipelinedRedis
from tests.support.valkey import Valkey, running
from tests.support.waiting import seconds_until, wait_for

TIMEOUT = 5.0


@pytest.fixture
def first(tmp_path: Path) -> Iterator[Valkey]:
    """The primary at the beginning, whose address the client has."""
    with running(tmp_path) as server:
        yield server


@pytest.fixture
def second(first: Valkey, tmp_path: Path) -> Iterator[Valkey]:
    """Its replica."""
    with running(tmp_path, "--replicaof", f"127.0.0.1 {first.port}", "--repl-diskless-sync-delay", "0") as server:
        wait_for(lambda: ask(server, "ROLE")[3] == b"connected", what="the replica to follow")
        yield server


@pytest.fixture
def client(first: Valkey) -> Iterator[PipelinedRedis]:
    client = PipelinedRedis(first.url, timeout=TIMEOUT)
    client.start()
    yield client
    client.stop()


def ask(server: Valkey, *words: object) -> Any:
    with redis.Redis(port=server.port) as admin:
        return admin.execute_command(*words)


def hand_over(old: Valkey, new: Valkey) -> None:
    """Make ``new`` the primary and ``old`` its replica."""
    ask(new, "REPLICAOF", "NO", "ONE")
    ask(old, "REPLICAOF", "127.0.0.1", new.port)


def test_what_a_replica_refuses_goes_to_the_primary_that_it_names(
        first: Valkey, second: Valkey, client: PipelinedRedis) -> None:
    hand_over(first, second)
    assert client.set("key", "value") is True
    assert ask(second, "GET", "key") == b"value"
    assert client.execute_command("ROLE")[0] in (b"master", "master")


def test_a_primary_is_found_from_a_replica_that_still_names_the_old_one(
        first: Valkey, second: Valkey, tmp_path: Path) -> None:
    with running(tmp_path, "--replicaof", f"127.0.0.1 {first.port}") as third:
        hand_over(first, second)
        client = PipelinedRedis(third.url, timeout=TIMEOUT)
        client.start()
        assert client.set("key", "value") is True
        client.stop()


def test_a_replica_that_tells_nothing_old_still_names_its_primary(
        first: Valkey, second: Valkey, tmp_path: Path) -> None:
    with running(tmp_path, "--replicaof", f"127.0.0.1 {second.port}", "--replica-serve-stale-data", "no",
                 "--masterauth", "wrong-so-that-it-never-follows", "--masteruser", "nobody") as third:
        hand_over(first, second)
        client = PipelinedRedis(third.url, timeout=TIMEOUT)
        client.start()
        assert client.set("key", "value") is True
        client.stop()


def test_no_write_fails_or_is_lost_or_done_twice_while_writes_are_held_and_the_primary_changes(
        first: Valkey, second: Valkey, client: PipelinedRedis) -> None:
    done: list[int] = []
    more = True

    def write() -> None:
        while more:
            done.append(client.incr("count"))

    writers = [gevent.spawn(write) for _ in range(50)]
    wait_for(lambda: len(done) > 1000)
    ask(first, "CLIENT", "PAUSE", 3000, "WRITE")
    wait_for(lambda: ask(second, "ROLE")[4] >= ask(first, "ROLE")[1])
    hand_over(first, second)
    ask(first, "CLIENT", "UNPAUSE")
    now = len(done)
    wait_for(lambda: len(done) > now + 1000)
    more = False
    gevent.joinall(writers, raise_error=True)
    assert sorted(done) == list(range(1, len(done) + 1))


def test_a_primary_without_replicas_is_asked_again_until_it_has_one(first: Valkey, client: PipelinedRedis) -> None:
    ask(first, "CONFIG", "SET", "min-replicas-to-write", 1)
    writing = gevent.spawn(client.set, "key", "value")
    connections = int(ask(first, "INFO", "stats")["total_connections_received"])
    wait_for(lambda: int(ask(first, "INFO", "stats")["total_connections_received"]) > connections + 4)
    assert not writing.ready()
    ask(first, "CONFIG", "SET", "min-replicas-to-write", 0)
    assert writing.get(timeout=TIMEOUT) is True


def test_a_refusal_for_the_whole_time_limit_is_told_as_it_is(first: Valkey) -> None:
    ask(first, "CONFIG", "SET", "min-replicas-to-write", 1)
    client = PipelinedRedis(first.url, timeout=0.3)
    client.start()
    with pytest.raises(redis.RedisError, match="Not enough good replicas"):
        client.set("key", "value")
    pipe = client.pipeline()
    pipe.set("key", "value")
    with pytest.raises(redis.RedisError):
        pipe.execute()
    client.stop()


def test_a_refused_transaction_and_a_refused_script_go_to_the_next_primary_whole(
        first: Valkey, second: Valkey, client: PipelinedRedis) -> None:
    script = client.register_script("return redis.call('INCR', KEYS[1])")
    assert script(keys=["script"]) == 1
    hand_over(first, second)
    pipe = client.pipeline()
    pipe.incr("a")
    pipe.incr("b")
    assert pipe.execute() == [1, 1]
    hand_over(second, first)
    wait_for(lambda: ask(second, "ROLE")[3] == b"connected")
    assert script(keys=["script"]) == 2


def test_calls_wait_for_a_connection_that_was_lost_just_now(first: Valkey, client: PipelinedRedis) -> None:
    assert client.ping()
    first.kill()
    wait_for(lambda: not client.connected)
    writing = gevent.spawn(client.set, "key", "value")
    first.start()
    assert writing.get(timeout=TIMEOUT) is True


def test_calls_fail_at_once_when_it_was_lost_longer_ago(first: Valkey) -> None:
    client = PipelinedRedis(first.url, timeout=0.2)
    client.start()
    first.kill()
    wait_for(lambda: not client.connected)
    gevent.sleep(0.25)
    with pytest.raises(NotSentError):
        assert seconds_until(lambda: client.set("key", "value")) < 0
    client.stop()


def test_a_read_is_repeated_when_the_connection_breaks_and_a_write_is_not() -> None:
    asked: list[bytes] = []

    def serve(server: socket.socket) -> None:
        """Answer the set-up of each connection, and break it at the first command but for the third one's."""
        for number in itertools.count(1):
            peer, _ = server.accept()
            with peer:
                for reply in (b"*1\r\n$6\r\nmaster\r\n", b"+PONG\r\n"):
                    peer.recv(1000)
                    peer.sendall(reply)
                asked.append(peer.recv(1000).split()[2])
                if number == 3:
                    peer.sendall(b"$5\r\nvalue\r\n")
                    peer.recv(1000)

    with socket.create_server(("127.0.0.1", 0)) as server:
        serving = gevent.spawn(serve, server)
        client = PipelinedRedis(f"redis://127.0.0.1:{server.getsockname()[1]}", timeout=TIMEOUT)
        client.start()
        with pytest.raises(redis.ConnectionError):
            client.incr("key")
        assert client.get("key") == b"value"
        client.stop()
        serving.kill()
    assert asked == [b"INCRBY", b"GET", b"GET"]
