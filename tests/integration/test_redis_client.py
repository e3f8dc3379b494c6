"""The Redis client against a real Valkey server, with all that may happen to one."""

import contextlib
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
import redis
from gevent.pool import Pool
from gevent.server import StreamServer

from apps.local.ports import free_port
from common.process_settings import RedisSettings
from common.redis_client import NotSentError, PipelinedRedis, QueueFullError, connect
from common.timeouts import quietly_within
from common.tls import server_context
from tests.support.certificates import write_self_signed
from tests.support.valkey import Valkey
from tests.support.waiting import seconds_until, wait_for

PASSWORD = "open sesame"
TIMEOUT = 0.5



@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Valkey]]:
    servers: list[Valkey] = []

    def start_one(*options: str) -> Valkey:
        server = Valkey(tmp_path, *options)
        servers.append(server)
        server.start()
        return server

    yield start_one
    for server in servers:
        server.kill()


@pytest.fixture
def valkey(start: Callable[..., Valkey]) -> Valkey:
    return start()


@pytest.fixture
def make() -> Iterator[Callable[..., PipelinedRedis]]:
    clients: list[PipelinedRedis] = []

    def make_one(url: str, **options: Any) -> PipelinedRedis:
        client = PipelinedRedis(url, **({"timeout": TIMEOUT} | options))
        clients.append(client)
        client.start()
        return client

    yield make_one
    for client in clients:
        client.stop()


@pytest.fixture
def client(valkey: Valkey, make: Callable[..., PipelinedRedis]) -> PipelinedRedis:
    return make(valkey.url)


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes until one side is gone."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


def outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except redis.RedisError as error:
        return error


def test_each_of_many_greenlets_gets_its_own_replies(client: PipelinedRedis) -> None:
    def work(number: int) -> int:
        for turn in range(20):
            value = f"{number}-{turn}".encode() * (1 + number % 7 * 100)
            assert client.set(f"key{number}", value) is True
            assert client.get(f"key{number}") == value
            assert client.incr("all") > 0
            if turn % 5 == 0:
                with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
                    client.lpush(f"key{number}", "x")
        return 1

    greenlets = [gevent.spawn(work, number) for number in range(200)]
    assert sum(greenlet.get(timeout=30) for greenlet in greenlets) == 200
    assert client.get("all") == b"4000"


def test_replies_have_the_shape_of_redis_py(client: PipelinedRedis) -> None:
    client.hset("hash", mapping={"a": 1, "b": "2"})
    client.zadd("scores", {"x": 1.5})
    assert client.hgetall("hash") == {b"a": b"1", b"b": b"2"}
    assert client.zrange("scores", 0, -1, withscores=True) == [(b"x", 1.5)]
    assert client.mget([]) == []
    assert client.set("once", 1, nx=True) is True
    assert client.set("once", 2, nx=True) is None
    assert client.info("server")["tcp_port"] > 0
    assert client.set("big", b"x" * 3_000_000) is True
    assert len(client.get("big") or b"") == 3_000_000
    with pytest.raises(redis.DataError):
        client.set("key", object())  # type: ignore[arg-type]  # what is tested


def test_many_commands_take_one_trip(client: PipelinedRedis) -> None:
    client.set("a", 1)
    commands: list[tuple[Any, ...]] = [("GET", "a"), ("GET", "none"), ("LPUSH", "a", "x"), ("EXISTS", "a")]
    replies = client.execute_many(commands, raise_on_error=False)
    assert [*replies[:2], replies[3]] == [b"1", None, 1]
    assert isinstance(replies[2], redis.ResponseError)
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        client.execute_many(commands)
    assert client.execute_many([]) == []


def test_a_transaction_is_one_piece(client: PipelinedRedis) -> None:
    client.set("left", 1000)
    torn = []

    def move() -> None:
        for _ in range(50):
            with client.pipeline() as pipe:
                pipe.decr("left")
                pipe.incr("right")
                pipe.execute()

    def look() -> None:
        for _ in range(200):
            left, right = client.mget("left", "right")
            if int(left or 0) + int(right or 0) != 1000:
                torn.append((left, right))

    gevent.joinall([gevent.spawn(move) for _ in range(10)] + [gevent.spawn(look) for _ in range(3)], raise_error=True)
    assert not torn
    assert client.mget("left", "right") == [b"500", b"500"]


def test_a_pipeline_gives_errors_as_redis_py_does(client: PipelinedRedis) -> None:
    client.set("text", "x")
    for transaction in (True, False):
        pipe = client.pipeline(transaction=transaction)
        pipe.set("n", 1)
        pipe.lpush("text", "y")
        pipe.incr("n")
        replies = pipe.execute(raise_on_error=False)
        assert (replies[0], replies[2]) == (True, 2)
        assert isinstance(replies[1], redis.ResponseError)
        pipe.lpush("text", "y")
        with pytest.raises(redis.ResponseError, match="Command # 1"):
            pipe.execute()
    with pytest.raises(redis.ResponseError, match="unknown command"):
        client.pipeline().execute_command("NOSUCH").execute()
    with pytest.raises(NotImplementedError):
        client.pipeline().execute_command("WATCH", "n")
    assert client.get("n") == b"2"


def test_scripts_survive_a_restart(valkey: Valkey, client: PipelinedRedis) -> None:
    script = client.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
    assert script(keys=["n"], args=[5]) == 5
    valkey.kill()
    valkey.start()
    wait_for(lambda: client.connected)
    assert script(keys=["n"], args=[7]) == 7
    client.script_flush()
    pipe = client.pipeline()
    script(keys=["n"], args=[1], client=pipe)
    assert pipe.execute() == [8]


def test_each_new_connection_is_told_of(valkey: Valkey, make: Callable[..., PipelinedRedis]) -> None:
    told: list[bool] = []
    client = make(valkey.url)
    client.when_connected(lambda: told.append(client.connected))
    for count in (1, 2):
        valkey.kill()
        wait_for(lambda: not client.connected)
        valkey.start()
        wait_for(lambda: client.connected)
        assert told == [True] * count


def test_a_lock_works(client: PipelinedRedis) -> None:
    with client.lock("lock", timeout=5):
        assert not client.lock("lock", timeout=5, blocking=False).acquire()
    assert client.lock("lock", timeout=5, blocking=False).acquire()


def test_what_would_stop_everybody_is_refused(client: PipelinedRedis) -> None:
    for refused in (lambda: client.blpop("list"), lambda: client.execute_command("SELECT", 1), client.pubsub,
                    client.monitor, client.client, lambda: client.pipeline().blpop("list")):
        with pytest.raises(NotImplementedError):
            refused()
    assert client.ping()


def test_after_a_kill_callers_fail_in_time_and_service_returns(valkey: Valkey, client: PipelinedRedis) -> None:
    valkey.kill()
    wait_for(lambda: not client.connected)
    begun = time.monotonic()
    with pytest.raises(NotSentError):
        client.get("a")
    pipe = client.pipeline()
    pipe.get("a")
    with pytest.raises(redis.ConnectionError):
        pipe.execute()
    assert time.monotonic() - begun < 2 * TIMEOUT
    valkey.start()
    assert seconds_until(lambda: client.connected) < 5
    assert client.probe() == "answers"


def test_a_kill_in_mid_traffic_repeats_nothing(valkey: Valkey, client: PipelinedRedis) -> None:
    seen: list[Any] = []

    def work(number: int) -> None:
        for turn in range(10_000):
            seen.append(outcome(client.rpush, "list", f"{number}-{turn}"))
            if isinstance(seen[-1], Exception):
                return

    greenlets = [gevent.spawn(work, number) for number in range(50)]
    wait_for(lambda: len(seen) > 1000)
    valkey.kill()
    gevent.joinall(greenlets, timeout=3, raise_error=True)
    assert all(greenlet.ready() for greenlet in greenlets)
    lengths = [reply for reply in seen if isinstance(reply, int)]
    assert sorted(lengths) == list(range(1, len(lengths) + 1))


def test_a_stopped_server_costs_each_caller_no_more_than_the_time_limit(
        valkey: Valkey, client: PipelinedRedis) -> None:
    client.set("a", 1)
    valkey.signal(signal.SIGSTOP)
    begun = time.monotonic()
    greenlets = [gevent.spawn(outcome, client.incr, "a") for _ in range(50)]
    gevent.joinall(greenlets, timeout=5)
    assert TIMEOUT * 0.9 < time.monotonic() - begun < 10 * TIMEOUT
    assert {type(greenlet.value) for greenlet in greenlets} == {redis.TimeoutError}
    with pytest.raises(redis.ConnectionError):
        client.get("a")
    valkey.signal(signal.SIGCONT)
    assert seconds_until(lambda: client.connected) < 5
    assert client.get("a") == b"51"  # the commands were sent once, and executed late


def test_a_caller_that_gave_up_shifts_nobodys_reply(client: PipelinedRedis) -> None:
    def give_up(number: int) -> None:
        with quietly_within(0.0005 * (number % 4)):
            client.eval("for i = 1, 200000 do end return 'slow'", 0)

    for number in range(40):
        gevent.spawn(give_up, number)
        greenlets = [gevent.spawn(client.echo, f"{number}-{each}") for each in range(5)]
        gevent.joinall(greenlets, raise_error=True)
        assert [greenlet.value for greenlet in greenlets] == [f"{number}-{each}".encode() for each in range(5)]
    assert client.connected


def test_a_caller_killed_while_it_waits_leaves_the_connection_alone(valkey: Valkey, client: PipelinedRedis) -> None:
    valkey.signal(signal.SIGSTOP)
    greenlets = [gevent.spawn(client.echo, "lost") for _ in range(5)]
    gevent.sleep(0.05)
    gevent.killall(greenlets)
    later = gevent.spawn(client.echo, "mine")
    valkey.signal(signal.SIGCONT)
    assert later.get(timeout=2) == b"mine"


def test_the_queue_is_bounded(valkey: Valkey, make: Callable[..., PipelinedRedis]) -> None:
    client = make(valkey.url, queue=10)
    valkey.signal(signal.SIGSTOP)
    greenlets = [gevent.spawn(outcome, client.get, "a") for _ in range(10)]
    gevent.sleep(0.05)
    begun = time.monotonic()
    with pytest.raises(QueueFullError, match="10 may"):
        client.get("a")
    with pytest.raises(QueueFullError):
        client.execute_many([("GET", "a")] * 11)
    assert time.monotonic() - begun < TIMEOUT
    valkey.signal(signal.SIGCONT)
    gevent.joinall(greenlets)
    assert {greenlet.value for greenlet in greenlets} == {None}
    assert client.get("a") is None


def test_while_redis_is_away_it_is_asked_for_a_few_times_a_second() -> None:
    attempts = []

    def jitter() -> float:
        attempts.append(1)
        return 0.0

    client = PipelinedRedis(f"redis://127.0.0.1:{free_port()}", timeout=0.2, jitter=jitter)
    client.start()
    used, begun, before = time.process_time(), time.monotonic(), len(attempts)
    wait_for(lambda: len(attempts) >= before + 4)
    assert time.process_time() - used < 0.2
    assert len(attempts) - before < 15 * (time.monotonic() - begun) + 1
    with pytest.raises(NotSentError, match="refused"):
        client.get("a")
    client.stop()


def test_the_password_and_the_database_are_used(
        start: Callable[..., Valkey], make: Callable[..., PipelinedRedis], caplog: pytest.LogCaptureFixture) -> None:
    valkey = start("--requirepass", PASSWORD)
    settings = RedisSettings(redis_url=valkey.url.replace("/0", "/3"), redis_password=PASSWORD)
    client = connect(settings)
    client.start()
    client.set("where", "db 3")
    assert client.client_info()["db"] == 3
    client.stop()
    refused = make(valkey.url, password="not " + PASSWORD)
    with pytest.raises(redis.ConnectionError, match="AuthenticationError"):
        refused.get("a")
    assert PASSWORD not in caplog.text
    assert sum("no connection to Redis" in message for message in caplog.messages) == 1


def test_a_unix_socket_works(
        start: Callable[..., Valkey], make: Callable[..., PipelinedRedis], tmp_path: Path) -> None:
    start("--unixsocket", str(tmp_path / "socket"))
    client = make(f"unix://{tmp_path}/socket?db=2")
    client.set("a", 1)
    assert client.get("a") == b"1"


def test_tls_works_both_ways_at_once(
        valkey: Valkey, make: Callable[..., PipelinedRedis], tmp_path: Path) -> None:
    certificate, key = write_self_signed(tmp_path)
    context = server_context(str(certificate), str(key))
    assert context is not None

    def relay(peer: socket.socket, _address: object) -> None:
        with socket.create_connection(("127.0.0.1", valkey.port)) as server:
            back = gevent.spawn(pump, server, peer)
            pump(peer, server)
            back.join()

    proxy = StreamServer(("127.0.0.1", 0), relay, spawn=Pool(), ssl_context=context)
    proxy.start()
    client = make(f"rediss://127.0.0.1:{proxy.server_port}/1?ssl_ca_certs={certificate}", timeout=5)

    def work(number: int) -> None:
        value = str(number).encode() * 20_000
        for _ in range(5):
            client.set(f"key{number}", value)
            assert client.get(f"key{number}") == value

    gevent.joinall([gevent.spawn(work, number) for number in range(30)], raise_error=True)
    proxy.stop(timeout=0)
    wait_for(lambda: not client.connected)
    with pytest.raises(NotSentError):
        client.get("a")


def test_a_primary_that_became_a_replica_is_left(valkey: Valkey, client: PipelinedRedis) -> None:
    with redis.Redis(port=valkey.port) as admin:
        admin.replicaof("127.0.0.1", str(free_port()))
        with pytest.raises(redis.ReadOnlyError):
            client.set("a", 1)
        wait_for(lambda: not client.connected)
        gevent.sleep(0.2)
        with pytest.raises(NotSentError, match="replica"):
            client.set("a", 1)
        admin.replicaof("NO", "ONE")
        assert seconds_until(lambda: client.connected) < 5
        assert client.set("a", 1)


def test_a_stop_lets_commands_finish_and_ends_the_client(valkey: Valkey, client: PipelinedRedis) -> None:
    slow = gevent.spawn(client.eval, "for i = 1, 5000000 do end return 'done'", 0)
    gevent.sleep(0.001)
    client.stop()
    assert slow.get(timeout=30) == b"done"
    with pytest.raises(NotSentError, match="stopped"):
        client.get("a")
    client.stop()
    with redis.Redis(port=valkey.port) as admin:
        wait_for(lambda: len(admin.client_list()) == 1)
    client.start()
    assert client.ping()


def test_a_stop_while_redis_stands_still_ends_in_time(valkey: Valkey, client: PipelinedRedis) -> None:
    valkey.signal(signal.SIGSTOP)
    waiting = gevent.spawn(outcome, client.get, "a")
    gevent.sleep(0.02)
    begun = time.monotonic()
    client.stop()
    assert time.monotonic() - begun < 10 * TIMEOUT
    assert isinstance(waiting.get(timeout=30), redis.RedisError)


def test_garbage_from_the_server_ends_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        def talk() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"-ERR unknown command\r\n")
                peer.recv(1000)
                peer.sendall(b"+PONG\r\n")
                peer.recv(1000)
                peer.sendall(b"*x\r\n")
                gevent.sleep(TIMEOUT)

        talking = gevent.spawn(talk)
        client = PipelinedRedis(f"redis://127.0.0.1:{server.getsockname()[1]}", timeout=TIMEOUT)
        client.start()
        assert client.connected
        with pytest.raises(redis.ConnectionError):
            client.get("a")
        client.stop()
        talking.get(timeout=2)
